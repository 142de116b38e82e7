// Suspension: one pinned coroutine that waits, and the two who may end its wait: what it waits for, and its cancel scope.
//
// The building block of awaiters. Whoever is first wins; the coroutine goes into the ready queue with its own priority and is
// resumed by the loop, never from inside a completion handler.
//
//   template <typename P>
//   bool await_suspend(std::coroutine_handle<P> coroutine) {
//     if (!suspension_.try_suspend(coroutine)) return false;     // cancelled before it began
//     ... start what it waits for; its handler calls suspension_.resume() ...
//     return true;
//   }
//
// Thread: the home core of the waiting task. Lifetime: embedded in an awaiter or its owner; takes itself out of every list when it
// dies. Cost: no allocation.
#pragma once

#include <coroutine>

#include "corering/sched/cancel_scope.h"
#include "corering/sched/context.h"
#include "corering/sched/ready_queue.h"
#include "corering/sched/task.h"

namespace corering::sched {

class Suspension {
 public:
  using TakeBack = bool (*)(void* owner);

  // `take_back` is called on cancellation and stops what was started for the wait. False: that takes a while, and the coroutine
  // must not go on before resume is called.
  Suspension(TakeBack take_back, void* owner) noexcept : take_back_(take_back), owner_(owner) {}

  template <auto kMember, typename Owner>
  static Suspension to(Owner* owner) noexcept {
    return {[](void* self) { return (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;
  ~Suspension();

  // False if the task is cancelled already: it is not to be suspended.
  // Requires: a pinned task. A stealable one computes; it has no core whose timers or sockets could wake it.
  template <typename P>
  bool try_suspend(std::coroutine_handle<P> coroutine) noexcept {
    return try_suspend(coroutine, coroutine.promise().context());
  }
  bool try_suspend(std::coroutine_handle<> coroutine, const TaskContext& context) noexcept;

  // What was waited for is there: the coroutine is resumed in the ready phase of this turn or the next. Does nothing if none
  // waits.
  void resume() noexcept;

  // The coroutine is gone: nothing will resume it. True if it waited, or was about to go on.
  bool forget() noexcept;

  bool is_waiting() const noexcept { return is_waiting_; }

  // How the last wait ended.
  bool was_cancelled() const noexcept { return was_cancelled_; }

  // The waiting task's. Requires: try_suspend has returned true.
  const TaskContext& context() const noexcept { return *context_; }

 private:
  void on_cancel();
  void run() { coroutine_.resume(); }

  const TakeBack take_back_;
  void* const owner_;
  const TaskContext* context_ = nullptr;
  std::coroutine_handle<> coroutine_;
  bool is_waiting_ = false;
  bool was_cancelled_ = false;
  CancelWait wait_ = CancelWait::to<&Suspension::on_cancel>(this);
  Runnable runnable_ = Runnable::to<&Suspension::run>(this);
};

}  // namespace corering::sched
