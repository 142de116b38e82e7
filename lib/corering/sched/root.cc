#include "corering/sched/root.h"

#include "corering/sched/scheduler.h"
#include "corering/sched/suspension.h"

namespace corering::sched {

Root::Root(Scheduler& home, const SpawnOptions& options, Mobility mobility, std::coroutine_handle<> frame,
           internal::PromiseBase& promise) noexcept
    : Stealable(&Root::on_stolen),
      Arrival(&Root::on_arrival),
      runnable_(Runnable::to<&Root::begin_pinned>(this, options.priority)),
      context_{&home, &scope_, options.deadline, options.priority, mobility},
      frame_(frame),
      spawned_at_(home.turn_time()) {
  if (mobility == Mobility::stealable) scope_.open_in(*home.context().scope);
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

// Not before: nothing waits in the scope of a task that has not begun, and whoever is spawned by the hundred is not linked to all.
void Root::begin_pinned() {
  Scheduler& home = *context_.home;
  if (scope_.is_closed()) scope_.open_in(*home.context().scope);
  begin(home);
}

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
