// sleep_for, sleep_until: a task waits for a time.
//
//   const bool is_rested = co_await sched::sleep_for(std::chrono::seconds(1));   // false: cancelled
//
// Never ends early, but for cancellation, and at most a tick of the TimerWheel and a turn late.
// Thread: a pinned task's core. Cost: no allocation, no system call.
#pragma once

#include <coroutine>

#include "corering/base/clock.h"
#include "corering/sched/scheduler.h"
#include "corering/sched/suspension.h"
#include "corering/sched/timer_wheel.h"

namespace corering::sched {

class SleepAwaiter {
 public:
  explicit SleepAwaiter(base::Duration duration) noexcept : duration_(duration) {}
  explicit SleepAwaiter(base::Instant deadline) noexcept : deadline_(deadline), is_absolute_(true) {}
  SleepAwaiter(const SleepAwaiter&) = delete;
  SleepAwaiter& operator=(const SleepAwaiter&) = delete;
  ~SleepAwaiter() {
    if (timer_.is_running()) stop_timer();
  }

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) {
    if (!suspension_.try_suspend(coroutine)) return false;
    Scheduler& home = *suspension_.context().home;
    home.timers().start(timer_, is_absolute_ ? deadline_ : home.read_clock() + duration_);
    return true;
  }
  // False: cancelled.
  bool await_resume() const noexcept { return !suspension_.was_cancelled(); }

 private:
  void on_timer() { suspension_.resume(); }
  bool stop_timer() {
    suspension_.context().home->timers().stop(timer_);
    return true;
  }

  base::Duration duration_{};
  base::Instant deadline_{};
  bool is_absolute_ = false;
  Suspension suspension_ = Suspension::to<&SleepAwaiter::stop_timer>(this);
  Timer timer_ = Timer::to<&SleepAwaiter::on_timer>(this);
};

inline SleepAwaiter sleep_for(base::Duration duration) noexcept { return SleepAwaiter(duration); }
inline SleepAwaiter sleep_until(base::Instant deadline) noexcept { return SleepAwaiter(deadline); }

}  // namespace corering::sched
