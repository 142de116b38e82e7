// Root: the record of one spawned task, from spawn to the end of its handle: the context that its coroutines inherit, its place in
// a queue, and what became of it.
//
//   spawned ──► waiting ──► running ──► ended          the task has run
//                  └──────► expired, cancelled         it never began; its frame was only destroyed
//
// Every root comes to exactly one end, which is told, and counted, on the core that spawned it: one that ends elsewhere is
// sent home through the inbox. A task that has begun runs to its end, cancelled or not: it alone knows what it has done already.
//
// Thread: made, joined and destroyed on its home core; a stealable one is run by any. Lifetime: destroys itself when it has
// ended and its handle is gone. Cost: one block of the FramePool.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>

#include "corering/base/clock.h"
#include "corering/sched/cancel_scope.h"
#include "corering/sched/context.h"
#include "corering/sched/frame_pool.h"
#include "corering/sched/inbox.h"
#include "corering/sched/ready_queue.h"
#include "corering/sched/stealable.h"
#include "corering/sched/task.h"

namespace corering::sched {

class Suspension;

struct SpawnOptions {
  Priority priority = Priority::normal;
  base::Instant deadline = base::Instant::never();  // not begun after it
};

class Root : public Stealable, public Arrival {
 public:
  enum class State : std::uint8_t { waiting, running, ended, expired, cancelled };

  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* root, std::size_t bytes) noexcept { FramePool::release(root, bytes); }

  // In the core's own context. Owns the frame from now on.
  Root(const TaskContext& home, base::Instant now, const SpawnOptions& options, Mobility mobility, std::coroutine_handle<> frame,
       internal::PromiseBase& promise) noexcept
      : Stealable(&Root::on_stolen),
        Arrival(&Root::on_arrival),
        runnable_(&Root::begin_pinned, this, options.priority),
        context_{home.home, &scope_, options.deadline, options.priority, mobility},
        frame_(frame),
        spawned_at_(now),
        scope_(home.scope) {
    promise.set_context(&context_);
    promise.set_done(&Root::on_returned, this);
  }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() { frame_.destroy(); }

  const TaskContext& context() const noexcept { return context_; }
  State state() const noexcept { return state_; }
  bool has_ended() const noexcept { return is_home_; }
  Runnable& runnable() noexcept { return runnable_; }
  std::coroutine_handle<> frame() const noexcept { return frame_; }
  base::Duration waited() const noexcept { return waited_; }  // Requires: it has begun.

  // From the handle.
  void cancel() noexcept;
  void set_waiter(Suspension* waiter) noexcept { waiter_ = waiter; }
  void detach() noexcept {
    if (is_home_) {
      delete this;
    } else {
      is_detached_ = true;
    }
  }

 private:
  void begin(Scheduler& here);
  void end(Scheduler& here, State state);
  void come_home();
  static void begin_pinned(void* self);
  static void on_stolen(Stealable& self, Scheduler& here);
  static void on_arrival(Arrival& self, Scheduler& home);
  static void on_returned(void* self);

  Runnable runnable_;
  TaskContext context_;
  const std::coroutine_handle<> frame_;
  union {
    base::Instant spawned_at_;  // until it begins
    base::Duration waited_;
  };
  Suspension* waiter_ = nullptr;
  std::atomic<bool> is_unwanted_{false};  // cancelled through its handle
  State state_ = State::waiting;          // by whoever runs it, until it is home
  bool is_home_ = false;
  bool is_detached_ = false;
  CancelScope scope_;  // in its core's
};

}  // namespace corering::sched
