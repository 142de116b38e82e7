// JoinHandle<T>: what spawn gives back: the right to wait for a task, and to cancel it.
//
//   sched::JoinHandle<int> handle = sched::spawn_stealable(count(text), {.deadline = now + 5ms});
//   const sched::Outcome<int> words = co_await handle.join();
//   if (!words) ...                       // words.error(): cancelled, or deadline_exceeded
//
// A handle that dies, or is told to, lets its task go on by itself. cancel() asks: a task that has not begun never will, one that
// runs sees its waits end and goes on to its own end, with whatever value it returns.
//
// Thread: the core that spawned. Lifetime: may outlive its task, and the scheduler if the task has ended. Errors of join:
// deadline_exceeded, cancelled: the task never ran, or else the one who waits was cancelled (has_ended() tells).
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include "corering/base/assert.h"
#include "corering/sched/outcome.h"
#include "corering/sched/root.h"
#include "corering/sched/suspension.h"

namespace corering::sched {

template <typename T>
class JoinAwaiter {
 public:
  explicit JoinAwaiter(Root& root) noexcept : root_(root) {}
  JoinAwaiter(const JoinAwaiter&) = delete;
  JoinAwaiter& operator=(const JoinAwaiter&) = delete;
  ~JoinAwaiter() {
    if (suspension_.is_waiting()) forget();
  }

  bool await_ready() const noexcept { return root_.has_ended(); }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) noexcept {
    if (!suspension_.try_suspend(coroutine)) return false;
    root_.set_waiter(&suspension_);
    return true;
  }
  Outcome<T> await_resume() {
    if (!root_.has_ended()) return stopped(Stop::cancelled);
    if (root_.state() == Root::State::expired) return stopped(Stop::deadline_exceeded);
    if (root_.state() == Root::State::cancelled) return stopped(Stop::cancelled);
    auto& promise = std::coroutine_handle<internal::Promise<T>>::from_address(root_.frame().address()).promise();
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return promise.take();
    }
  }

 private:
  bool forget() noexcept {
    root_.set_waiter(nullptr);
    return true;
  }

  Root& root_;
  Suspension suspension_ = Suspension::to<&JoinAwaiter::forget>(this);
};

template <typename T = void>
class [[nodiscard]] JoinHandle {
 public:
  JoinHandle() = default;
  explicit JoinHandle(Root& root) noexcept : root_(&root) {}
  JoinHandle(JoinHandle&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  JoinHandle& operator=(JoinHandle&& other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  ~JoinHandle() { detach(); }

  explicit operator bool() const noexcept { return root_ != nullptr; }
  bool has_ended() const noexcept { return root_->has_ended(); }

  // Waits for the task's end. Requires: one waits at a time; the value is taken once.
  JoinAwaiter<T> join() noexcept {
    CORERING_ASSERT(root_ != nullptr, "a handle without a task is joined");
    return JoinAwaiter<T>(*root_);
  }

  void cancel() noexcept { root_->cancel(); }

  // The task goes on by itself.
  void detach() noexcept {
    if (Root* root = std::exchange(root_, nullptr)) root->detach();
  }

 private:
  Root* root_ = nullptr;
};

}  // namespace corering::sched
