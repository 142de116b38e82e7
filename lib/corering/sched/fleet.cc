#include "corering/sched/fleet.h"

#include "corering/sched/scheduler.h"

namespace corering::sched {

Fleet::Fleet(std::uint16_t cores) : places_(cores) {}

void Fleet::join(std::uint16_t index, Scheduler& scheduler, Alarm& alarm) noexcept {
  places_[index].scheduler = &scheduler;
  places_[index].alarm = &alarm;
}

// Whoever turns the flag off is the one who wakes.
bool Fleet::claim(Place& place) noexcept {
  if (!place.asleep.load(std::memory_order_seq_cst) || !place.asleep.exchange(false, std::memory_order_seq_cst)) return false;
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  return true;
}

bool Fleet::wake(std::uint16_t index) noexcept {
  if (!claim(places_[index])) return false;
  places_[index].alarm->sound();
  return true;
}

bool Fleet::wake_any(std::uint32_t first) noexcept {
  for (std::uint32_t count = 0; count < places_.size(); ++count) {
    Place& place = places_[(first + count) % places_.size()];
    if (!claim(place)) continue;
    searchers_.fetch_add(1, std::memory_order_seq_cst);
    place.searching.store(true, std::memory_order_release);
    place.alarm->sound();
    return true;
  }
  return false;
}

bool Fleet::has_work_for(std::uint16_t index) const noexcept {
  const Scheduler* own = places_[index].scheduler;
  if (own->has_work()) return true;
  if (!is_used()) return false;
  for (const Place& place : places_) {
    if (place.scheduler != nullptr && place.scheduler != own && place.scheduler->has_work_to_steal()) return true;
  }
  return false;
}

bool Fleet::try_sleep(std::uint16_t index) noexcept {
  stop_searching(index);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  places_[index].asleep.store(true, std::memory_order_seq_cst);
  if (!has_work_for(index)) return true;
  wake_up(index);
  return false;
}

void Fleet::wake_up(std::uint16_t index) noexcept { static_cast<void>(claim(places_[index])); }

bool Fleet::stop_searching(std::uint16_t index) noexcept {
  Place& place = places_[index];
  if (!place.searching.load(std::memory_order_acquire)) return false;
  place.searching.store(false, std::memory_order_relaxed);
  searchers_.fetch_sub(1, std::memory_order_seq_cst);
  return true;
}

}  // namespace corering::sched
