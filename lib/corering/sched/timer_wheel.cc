#include "corering/sched/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace corering::sched {

namespace {

constexpr std::uint64_t kNoTick = UINT64_MAX;

std::uint64_t ticks_reached(base::Instant instant) { return static_cast<std::uint64_t>(instant.ns / TimerWheel::kTick.count()); }

std::uint64_t first_tick_at_or_after(base::Instant instant) {
  const std::int64_t tick_ns = TimerWheel::kTick.count();
  return static_cast<std::uint64_t>(instant.ns / tick_ns + (instant.ns % tick_ns != 0 ? 1 : 0));
}

}  // namespace

TimerWheel::TimerWheel(base::Instant now) : current_(ticks_reached(now)) {}

TimerWheel::~TimerWheel() {
  for (Level& level : levels_) {
    for (auto& slot : level.slots) slot.clear();
  }
}

void TimerWheel::start(Timer& timer, base::Instant deadline) {
  stop(timer);
  timer.tick_ = std::max(first_tick_at_or_after(deadline), current_ + 1);
  place(timer);
}

void TimerWheel::stop(Timer& timer) noexcept {
  if (!timer.is_running()) return;
  if (timer.level_ == kExpiringLevel) {
    expiring_.erase(expiring_.iterator_to(timer));
    return;
  }
  Level& level = levels_[timer.level_];
  auto& slot = level.slots[timer.slot_];
  slot.erase(slot.iterator_to(timer));
  if (slot.empty()) level.occupied &= ~(std::uint64_t{1} << timer.slot_);
}

// The finest level whose round still reaches the timer's tick; too far ones wait at the end of the coarsest round.
// Requires: timer.tick_ > current_, or the slot of current_ is being descended into and will be fired next.
void TimerWheel::place(Timer& timer) noexcept {
  const std::uint64_t distance = timer.tick_ - current_;
  std::size_t level = 0;
  while (level + 1 < kLevels && (distance >> (kSlotBits * (level + 1))) != 0) ++level;
  const std::uint64_t reach = (std::uint64_t{1} << (kSlotBits * kLevels)) - 1;
  const std::uint64_t tick = std::min(timer.tick_, current_ + reach);
  timer.level_ = static_cast<std::uint8_t>(level);
  timer.slot_ = static_cast<std::uint8_t>((tick >> (kSlotBits * level)) % kSlots);
  levels_[level].slots[timer.slot_].push_back(timer);
  levels_[level].occupied |= std::uint64_t{1} << timer.slot_;
}

void TimerWheel::advance(base::Instant now) {
  const std::uint64_t target = ticks_reached(now);
  while (current_ < target) {
    const std::uint64_t next = next_tick();
    if (next > target) {
      current_ = target;
      return;
    }
    current_ = next;
    // A coarse slot is emptied into finer ones at the tick where it begins, coarsest first.
    for (std::size_t level = kLevels; level-- > 1;) {
      const std::uint64_t below = (std::uint64_t{1} << (kSlotBits * level)) - 1;
      if ((current_ & below) == 0) descend(level);
    }
    fire_slot();
  }
}

base::Instant TimerWheel::next() const noexcept {
  const std::uint64_t tick = next_tick();
  if (tick == kNoTick) return base::Instant::never();
  return {static_cast<std::int64_t>(tick) * kTick.count()};
}

// The next tick at which any occupied slot begins.
std::uint64_t TimerWheel::next_tick() const noexcept {
  std::uint64_t nearest = kNoTick;
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::uint64_t occupied = levels_[level].occupied;
    if (occupied == 0) continue;
    const std::uint64_t position = current_ >> (kSlotBits * level);
    // Rotated so that bit 0 is the slot after the present one; the present slot itself is a whole round away.
    const auto ahead = static_cast<unsigned>(std::countr_zero(std::rotr(occupied, static_cast<int>((position + 1) % kSlots))));
    nearest = std::min(nearest, (position + 1 + ahead) << (kSlotBits * level));
  }
  return nearest;
}

void TimerWheel::descend(std::size_t level) noexcept {
  const auto slot = static_cast<std::size_t>((current_ >> (kSlotBits * level)) % kSlots);
  if ((levels_[level].occupied >> slot & 1) == 0) return;
  base::List<Timer, TimerTag> moving;
  moving.swap(levels_[level].slots[slot]);
  levels_[level].occupied &= ~(std::uint64_t{1} << slot);
  while (!moving.empty()) {
    Timer& timer = moving.front();
    moving.pop_front();
    place(timer);
  }
}

void TimerWheel::fire_slot() {
  const auto slot = static_cast<std::size_t>(current_ % kSlots);
  if ((levels_[0].occupied >> slot & 1) == 0) return;
  expiring_.swap(levels_[0].slots[slot]);
  levels_[0].occupied &= ~(std::uint64_t{1} << slot);
  for (Timer& timer : expiring_) timer.level_ = kExpiringLevel;
  while (!expiring_.empty()) {
    Timer& timer = expiring_.front();
    expiring_.pop_front();
    timer.handler_(timer.owner_);
  }
}

}  // namespace corering::sched
