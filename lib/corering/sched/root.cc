#include "corering/sched/root.h"

#include "corering/base/cache_line.h"
#include "corering/sched/scheduler.h"
#include "corering/sched/suspension.h"

namespace corering::sched {

static_assert(sizeof(Root) <= 3 * base::kCacheLineBytes, "the record of a task is written and read once per task");

void Root::cancel() noexcept {
  is_unwanted_.store(true, std::memory_order_relaxed);
  if (!is_home_) scope_.cancel();
}

inline void Root::come_home() {
  is_home_ = true;
  scope_.close();
  context_.home->note_end(*this);
  if (waiter_ != nullptr) {
    waiter_->resume();
  } else if (is_detached_) {
    delete this;
  }
}

inline void Root::end(Scheduler& here, State state) {
  state_ = state;
  if (&here == context_.home) {
    come_home();
  } else {
    here.send_home(*this, *context_.home);
  }
}

inline void Root::begin(Scheduler& here) {
  waited_ = here.turn_time() - spawned_at_;
  if (is_unwanted_.load(std::memory_order_relaxed) || context_.home->is_aborting()) [[unlikely]] {
    end(here, State::cancelled);
  } else if (context_.deadline < here.turn_time()) [[unlikely]] {
    end(here, State::expired);
  } else {
    state_ = State::running;
    frame_.resume();
  }
}

void Root::begin_pinned(void* self) {
  Root& root = *static_cast<Root*>(self);
  root.begin(*root.context_.home);
}

void Root::on_stolen(Stealable& self, Scheduler& here) { static_cast<Root&>(self).begin(here); }

void Root::on_returned(void* self) {
  Root& root = *static_cast<Root*>(self);
  root.end(root.context_.mobility == Mobility::pinned ? *root.context_.home : Scheduler::current(), State::ended);
}

void Root::on_arrival(Arrival& self, Scheduler&) { static_cast<Root&>(self).come_home(); }

}  // namespace corering::sched
