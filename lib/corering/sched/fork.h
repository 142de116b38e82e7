// Fork: a child task that other cores may run while its parent goes on, joined before the parent returns.
//
//   Task<std::uint64_t> sum(Tree* tree) {
//     if (tree == nullptr) co_return 0;
//     auto left = co_await sched::fork(sum(tree->left));          // may be taken from here
//     const std::uint64_t right = co_await sum(tree->right);
//     const std::uint64_t rest = co_await left.join();            // runs it here if nobody has taken it
//     co_return rest + right + tree->value;
//   }
//
// Help-first: the child goes into the deque, the parent runs on. A join that still finds the child there runs it like an ordinary
// awaited task; one that does not suspends the parent, whose core takes other work, and whoever ends the child goes on with the
// parent. A pinned parent goes on at home. Join in the reverse order of forking: the child forked last is the one that is found
// without a search; others are found too, but by way of the loop.
//
// Thread: any core's. Lifetime: lives in the parent's frame, joined before it dies (asserted). Children inherit the parent's
// scope, deadline and priority and end for themselves when cancelled. Cost: one coroutine frame; no allocation else, no lock.
#pragma once

#include <atomic>
#include <coroutine>
#include <utility>

#include "corering/base/assert.h"
#include "corering/sched/inbox.h"
#include "corering/sched/scheduler.h"
#include "corering/sched/stealable.h"
#include "corering/sched/task.h"

namespace corering::sched {

template <typename T>
class [[nodiscard]] Fork : public Stealable, public Arrival {
 public:
  Fork(Task<T> child, const TaskContext& parent) noexcept
      : Stealable(&Fork::on_taken), Arrival(&Fork::on_arrival), child_(std::move(child)), parent_context_(parent) {
    if (parent.mobility == Mobility::pinned) {
      own_context_ = parent;
      own_context_.mobility = Mobility::stealable;
      child_.inherit(own_context_);
    } else {
      child_.inherit(parent);
    }
    is_shared_ = Scheduler::current().try_share_soon(*this, parent.priority);
  }
  Fork(const Fork&) = delete;
  Fork& operator=(const Fork&) = delete;
  ~Fork() { CORERING_ASSERT(is_joined_, "a fork is not joined"); }

  auto join() noexcept { return JoinAwaiter{*this}; }

 private:
  enum class State : std::uint8_t { running, awaited, done };

  struct JoinAwaiter {
    Fork& fork;

    bool await_ready() const noexcept { return fork.state_.load(std::memory_order_acquire) == State::done; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept { return fork.join_from(parent); }
    T await_resume() {
      fork.is_joined_ = true;
      return fork.child_.take();
    }
  };

  bool parent_is_pinned() const noexcept { return parent_context_.mobility == Mobility::pinned; }

  std::coroutine_handle<> join_from(std::coroutine_handle<> parent) noexcept {
    parent_ = parent;
    const auto child = child_.frame();
    if (!is_shared_ || Scheduler::current().try_take_back(*this, parent_context_.priority)) {
      if (!parent_is_pinned()) {
        child.promise().set_continuation(parent);
        return child;
      }
      // The child may move to another core before it ends, its parent may not.
      child.promise().set_transfer(&Fork::on_child_done, this);
      state_.store(State::awaited, std::memory_order_relaxed);
      return child;
    }
    if (state_.exchange(State::awaited, std::memory_order_acq_rel) == State::done) return parent;
    return std::noop_coroutine();  // the parent may run elsewhere by now: nothing of it is touched
  }

  static void on_taken(Stealable& self, Scheduler&) {
    Fork& fork = static_cast<Fork&>(self);
    const auto child = fork.child_.frame();
    child.promise().set_transfer(&Fork::on_child_done, &fork);
    child.resume();
  }

  // On the core where the child ended. A parent that does not wait yet may destroy the fork as soon as it is done.
  static std::coroutine_handle<> on_child_done(void* self) noexcept {
    Fork& fork = *static_cast<Fork*>(self);
    if (fork.state_.exchange(State::done, std::memory_order_acq_rel) != State::awaited) return std::noop_coroutine();
    if (!fork.parent_is_pinned()) return fork.parent_;
    Scheduler& here = Scheduler::current();
    Scheduler& home = *fork.parent_context_.home;
    if (&here == &home) return fork.parent_;
    here.send_home(fork, home);
    return std::noop_coroutine();
  }

  static void on_arrival(Arrival& self, Scheduler& home) {
    Fork& fork = static_cast<Fork&>(self);
    fork.runnable_.set_priority(fork.parent_context_.priority);
    home.ready().push(fork.runnable_);
  }

  void resume_parent() { parent_.resume(); }

  Task<T> child_;
  const TaskContext& parent_context_;
  std::coroutine_handle<> parent_;
  std::atomic<State> state_{State::running};
  bool is_shared_ = false;
  bool is_joined_ = false;
  TaskContext own_context_;  // the child's, if the parent is pinned
  Runnable runnable_ = Runnable::to<&Fork::resume_parent>(this);
};

template <typename T>
struct ForkAwaiter {
  Task<T> child;
  const TaskContext* context = nullptr;

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> parent) noexcept {
    context = &parent.promise().context();
    return false;
  }
  Fork<T> await_resume() noexcept { return Fork<T>(std::move(child), *context); }
};

// To be awaited: `auto child = co_await fork(task);`
template <typename T>
ForkAwaiter<T> fork(Task<T> child) noexcept {
  return {std::move(child)};
}

}  // namespace corering::sched
