// TimerWheel: many time-outs, most of which never expire, at O(1) each.
//
// A hierarchical wheel: four levels of 64 slots, the lowest of one millisecond each. Far time-outs wait in coarse slots and move
// to finer ones as their time comes; those beyond 4.6 hours circle in the top level. Timers never fire early, and at most one
// tick late on a punctual core. Kernel time-outs per operation cost about 15 % more per message (liburing issue 1005).
//
// Thread: owning core only. Lifetime: a timer is stopped before it dies (its hook asserts it).
// Cost: start and stop O(1), no allocation, no system call. Source: Varghese and Lauck, Hashed and hierarchical timing wheels,
// 1987.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "corering/base/clock.h"
#include "corering/base/intrusive.h"

namespace corering::sched {

struct TimerTag;

// A time-out, embedded in its owner.
class Timer : public base::ListHook<TimerTag> {
 public:
  using Handler = void (*)(void* owner);

  Timer(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}

  template <auto kMember, typename Owner>
  static Timer to(Owner* owner) noexcept {
    return {[](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

  bool is_running() const noexcept { return is_linked(); }

 private:
  friend class TimerWheel;

  Handler handler_;
  void* owner_;
  std::uint64_t tick_ = 0;  // fires when the wheel reaches it
  std::uint8_t level_ = 0;
  std::uint8_t slot_ = 0;
};

class TimerWheel {
 public:
  static constexpr base::Duration kTick = std::chrono::milliseconds(1);

  explicit TimerWheel(base::Instant now);
  ~TimerWheel();

  // (Re)starts the timer: it fires at the first advance() at or after `deadline`.
  void start(Timer& timer, base::Instant deadline);

  // Does nothing if it is not running.
  void stop(Timer& timer) noexcept;

  // Fires what is due. Handlers may start and stop any timer, their own included.
  void advance(base::Instant now);

  // When advance() has something to do next (firing, or moving timers to finer slots); Instant::never() if no timer runs.
  base::Instant next() const noexcept;

 private:
  static constexpr std::size_t kLevels = 4;
  static constexpr unsigned kSlotBits = 6;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  static constexpr std::uint8_t kExpiringLevel = kLevels;  // in expiring_, outside the levels

  struct Level {
    std::array<base::List<Timer, TimerTag>, kSlots> slots;
    std::uint64_t occupied = 0;  // bit i: slots[i] is not empty
  };

  void place(Timer& timer) noexcept;
  std::uint64_t next_tick() const noexcept;
  void descend(std::size_t level) noexcept;
  void fire_slot();

  std::array<Level, kLevels> levels_;
  base::List<Timer, TimerTag> expiring_;
  std::uint64_t current_;  // ticks since the clock's start
};

}  // namespace corering::sched
