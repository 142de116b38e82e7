#include "corering/sched/root.h"

#include "corering/sched/scheduler.h"
#include "corering/sched/suspension.h"

namespace corering::sched {

Root::Root(const TaskContext& context, CancelScope& outer, std::coroutine_handle<> frame, internal::PromiseBase& promise) noexcept
    : Stealable(&Root::on_stolen),
      Arrival(&Root::on_arrival),
      scope_(&outer),
      context_(context),
      frame_(frame),
      runnable_(Runnable::to<&Root::begin_pinned>(this, context.priority)),
      spawned_at_(context.home->turn_time()) {
  context_.scope = &scope_;
  promise.set_context(&context_);
  promise.set_done(&Root::on_returned, this);
}

void Root::cancel() noexcept {
  is_unwanted_.store(true, std::memory_order_relaxed);
  if (!is_home_) scope_.cancel();
}

void Root::detach() noexcept {
  if (is_home_) {
    delete this;
  } else {
    is_detached_ = true;
  }
}

void Root::begin_pinned() { begin(*context_.home); }

void Root::on_stolen(Stealable& self, Scheduler& here) { static_cast<Root&>(self).begin(here); }

void Root::begin(Scheduler& here) {
  waited_ = here.turn_time() - spawned_at_;
  if (is_unwanted_.load(std::memory_order_relaxed) || context_.home->is_aborting()) {
    end(here, State::cancelled);
  } else if (context_.deadline < here.turn_time()) {
    end(here, State::expired);
  } else {
    state_ = State::running;
    frame_.resume();
  }
}

void Root::on_returned(void* self) {
  Root& root = *static_cast<Root*>(self);
  root.end(root.context_.mobility == Mobility::pinned ? *root.context_.home : Scheduler::current(), State::ended);
}

void Root::end(Scheduler& here, State state) {
  state_ = state;
  if (&here == context_.home) {
    come_home();
  } else {
    here.send_home(*this, *context_.home);
  }
}

void Root::on_arrival(Arrival& self, Scheduler&) { static_cast<Root&>(self).come_home(); }

void Root::come_home() {
  is_home_ = true;
  scope_.close();
  context_.home->note_end(*this);
  if (waiter_ != nullptr) {
    waiter_->resume();
  } else if (is_detached_) {
    delete this;
  }
}

}  // namespace corering::sched
