#include "corering/sched/suspension.h"

#include <utility>

#include "corering/sched/scheduler.h"

namespace corering::sched {

Suspension::~Suspension() { forget(); }

bool Suspension::forget() noexcept {
  const bool was_queued = runnable_.is_queued();
  if (was_queued) context_->home->ready().remove(runnable_);
  if (is_waiting_) wait_.leave();
  return std::exchange(is_waiting_, false) || was_queued;
}

bool Suspension::try_suspend(std::coroutine_handle<> coroutine, const TaskContext& context) noexcept {
  CORERING_ASSERT(context.mobility == Mobility::pinned, "a stealable task waits for something that belongs to a core");
  CORERING_ASSERT(!is_waiting_ && !runnable_.is_queued(), "two coroutines wait in the same place");
  was_cancelled_ = !wait_.try_join(*context.scope);
  if (was_cancelled_) return false;
  context_ = &context;
  coroutine_ = coroutine;
  runnable_.set_priority(context.priority);
  is_waiting_ = true;
  return true;
}

void Suspension::resume() noexcept {
  if (!is_waiting_) return;
  is_waiting_ = false;
  wait_.leave();
  context_->home->ready().push(runnable_);
}

void Suspension::on_cancel() {
  was_cancelled_ = true;
  if (take_back_(owner_)) resume();
}

}  // namespace corering::sched
