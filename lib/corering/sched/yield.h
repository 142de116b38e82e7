// yield, checkpoint: how long work lets others have their turn.
//
//   for (const Block& block : blocks) {
//     compress(block);                                        // some ten microseconds
//     const bool goes_on = co_await sched::checkpoint();
//     if (!goes_on) co_return;                                // cancelled
//   }
//
// yield() always goes to the back of the queue of its priority. checkpoint() does so only if the batch has used up its time or more
// urgent work is ready, and costs one reading of the clock otherwise: call it every ten microseconds or so. Between two of them
// nothing else runs on the core, I/O included. A stealable task may go on, on another core.
//
// Thread: any core's. Cost: no allocation; yield about as much as spawning.
#pragma once

#include <coroutine>

#include "corering/sched/ready_queue.h"
#include "corering/sched/scheduler.h"
#include "corering/sched/stealable.h"
#include "corering/sched/task.h"

namespace corering::sched {

class YieldAwaiter : public Stealable {
 public:
  enum class When : std::uint8_t { always, if_due };

  explicit YieldAwaiter(When when) noexcept : Stealable(&YieldAwaiter::on_taken), when_(when) {}
  YieldAwaiter(const YieldAwaiter&) = delete;
  YieldAwaiter& operator=(const YieldAwaiter&) = delete;
  ~YieldAwaiter() {
    if (runnable_.is_queued()) Scheduler::current().ready().remove(runnable_);
  }

  bool await_ready() const noexcept { return false; }

  // Once the work is in the deque another core may have it: nothing of it is touched afterwards.
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) noexcept {
    context_ = &coroutine.promise().context();
    coroutine_ = coroutine;
    Scheduler& here = Scheduler::current();
    if (when_ == When::if_due && !here.should_yield(context_->priority)) return false;
    if (context_->mobility == Mobility::stealable && here.try_share(*this, context_->priority)) return true;
    runnable_.set_priority(context_->priority);
    here.ready().push(runnable_);
    return true;
  }
  // False: cancelled.
  bool await_resume() const noexcept { return !context_->is_cancelled(); }

 private:
  static void on_taken(Stealable& self, Scheduler&) { static_cast<YieldAwaiter&>(self).run(); }
  void run() { coroutine_.resume(); }

  const When when_;
  const TaskContext* context_ = nullptr;
  std::coroutine_handle<> coroutine_;
  Runnable runnable_ = Runnable::to<&YieldAwaiter::run>(this);
};

inline YieldAwaiter yield() noexcept { return YieldAwaiter(YieldAwaiter::When::always); }
inline YieldAwaiter checkpoint() noexcept { return YieldAwaiter(YieldAwaiter::When::if_due); }

}  // namespace corering::sched
