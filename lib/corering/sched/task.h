// Task<T>: a coroutine that somebody waits for.
//
// Lazy: it runs when it is awaited, or when its owner starts it as the root of a chain. The frame comes from the thread's
// FramePool and dies with the Task. A result is delivered by symmetric transfer to whoever awaits, so chains of any length use no
// stack (except under sanitizers and -O0: yield in long loops).
//
//   Task<int> answer() { co_return 42; }
//   Task<void> ask() { const int value = co_await answer(); ... }
//
// g++ 12: write `auto result = co_await operation;` as a whole statement; no capturing lambda in the same expression, no co_await
// inside macros, ?: or braced lists.
//
// Thread: resumed where it was started. Errors: an exception that leaves the coroutine aborts: the library neither throws nor
// catches.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "corering/base/assert.h"
#include "corering/sched/frame_pool.h"

namespace corering::sched {

template <typename T>
class Task;

namespace internal {

class PromiseBase {
 public:
  using DoneHandler = void (*)(void* context);

  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { FramePool::release(frame, bytes); }

  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept { return FinalAwaiter{}; }
  [[noreturn]] void unhandled_exception() const noexcept {
    base::assertion_failed("no exception", __FILE__, __LINE__, "an exception left a coroutine");
  }

  void set_continuation(std::coroutine_handle<> continuation) noexcept { continuation_ = continuation; }
  void set_done(DoneHandler done, void* context) noexcept {
    done_ = done;
    done_context_ = context;
  }

 private:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
      PromiseBase& promise = finished.promise();
      if (promise.continuation_) return promise.continuation_;
      // The handler may destroy the frame: nothing of it is touched afterwards.
      if (promise.done_ != nullptr) promise.done_(promise.done_context_);
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::coroutine_handle<> continuation_;
  DoneHandler done_ = nullptr;
  void* done_context_ = nullptr;
};

template <typename T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <typename Value>
  void return_value(Value&& value) {
    value_.emplace(std::forward<Value>(value));
  }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;

  Task() = default;
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  // Runs this task as the root of a chain, up to its first suspension. `done(context)` is called when it has ended; it may
  // destroy the Task.
  void start(internal::PromiseBase::DoneHandler done, void* context) {
    CORERING_ASSERT(frame_ && !frame_.done(), "a task is started that has none or an ended coroutine");
    frame_.promise().set_done(done, context);
    frame_.resume();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> frame;

      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
        frame.promise().set_continuation(awaiting);
        return frame;
      }
      T await_resume() const { return frame.promise().take(); }
    };
    CORERING_ASSERT(frame_, "an empty task is awaited");
    return Awaiter{frame_};
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

template <typename T>
Task<T> internal::Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> internal::Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace corering::sched
