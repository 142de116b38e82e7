// with_timeout: a task that is given up when it takes too long.
//
//   const sched::Outcome<Reply> reply = co_await sched::with_timeout(ask(peer), std::chrono::milliseconds(50));
//   if (!reply) ...                            // reply.error(): deadline_exceeded, or cancelled with the whole
//
// When the time is over the task's scope is cancelled: its waits end, it returns, and only then does the await: nothing of it is
// left behind. Its value is dropped. A task that computes without an await is not interrupted.
// Thread: a pinned task's core. Cost: one coroutine frame and a timer, no heap allocation.
#pragma once

#include <type_traits>
#include <utility>

#include "corering/base/clock.h"
#include "corering/sched/cancel_scope.h"
#include "corering/sched/outcome.h"
#include "corering/sched/scheduler.h"
#include "corering/sched/task.h"
#include "corering/sched/timer_wheel.h"

namespace corering::sched {

namespace internal {

// A scope inside the awaiting task's that is cancelled when the time is over.
class TimeLimit {
 public:
  TimeLimit(const TaskContext& outer, base::Duration timeout) : outer_(outer), context_(outer), scope_(outer.scope) {
    CORERING_ASSERT(outer.mobility == Mobility::pinned, "a stealable task waits for something that belongs to a core");
    context_.scope = &scope_;
    outer.home->timers().start(timer_, outer.home->read_clock() + timeout);
  }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() { outer_.home->timers().stop(timer_); }

  const TaskContext& context() const noexcept { return context_; }
  bool is_over() const noexcept { return is_over_; }
  bool was_cancelled() const noexcept { return !is_over_ && scope_.is_cancelled(); }

 private:
  void on_timer() {
    if (scope_.is_cancelled()) return;  // from outside: that came first
    is_over_ = true;
    outer_.home->counters().timed_out.add();
    scope_.cancel();
  }

  const TaskContext& outer_;
  TaskContext context_;
  CancelScope scope_;
  bool is_over_ = false;
  Timer timer_ = Timer::to<&TimeLimit::on_timer>(this);
};

}  // namespace internal

template <typename T>
Task<Outcome<T>> with_timeout(Task<T> task, base::Duration timeout) {
  const TaskContext& outer = co_await this_task();
  internal::TimeLimit limit(outer, timeout);
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task).in(limit.context());
    if (limit.is_over()) co_return stopped(Stop::deadline_exceeded);
    if (limit.was_cancelled()) co_return stopped(Stop::cancelled);
    co_return Outcome<>();
  } else {
    auto value = co_await std::move(task).in(limit.context());
    if (limit.is_over()) co_return stopped(Stop::deadline_exceeded);
    if (limit.was_cancelled()) co_return stopped(Stop::cancelled);
    co_return Outcome<T>(std::move(value));
  }
}

}  // namespace corering::sched
