// Task<T>: a coroutine that somebody waits for.
//
// Lazy: it runs when it is awaited, or when its owner starts it as the root of a chain. The frame comes from the thread's
// FramePool and dies with the Task. A result is delivered by symmetric transfer to whoever awaits, so chains of any length use no
// stack (except under sanitizers and -O0: yield in long loops). A task inherits the TaskContext of whoever awaits it.
//
//   Task<int> answer() { co_return 42; }
//   Task<void> ask() { const int value = co_await answer(); ... }
//
// Roots of chains are made by Scheduler::spawn (scheduler.h), or by an owner of its own that calls inherit and start.
//
// g++ 12: write `auto result = co_await operation;` as a whole statement; no capturing lambda in the same expression, no co_await
// inside macros, ?:, braced lists or the condition of a loop.
//
// Thread: resumed where it was started, but for stealable tasks, which may go on elsewhere after an await.
// Errors: an exception that leaves the coroutine aborts: the library neither throws nor catches.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "corering/base/assert.h"
#include "corering/sched/context.h"
#include "corering/sched/frame_pool.h"

namespace corering::sched {

template <typename T>
class Task;

namespace internal {

class PromiseBase {
 public:
  using DoneHandler = void (*)(void* target);
  // Returns what runs next: a coroutine, or std::noop_coroutine() to go back to the loop.
  using Transfer = std::coroutine_handle<> (*)(void* target);

  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { FramePool::release(frame, bytes); }

  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept { return FinalAwaiter{}; }
  [[noreturn]] void unhandled_exception() const noexcept {
    base::assertion_failed("no exception", __FILE__, __LINE__, "an exception left a coroutine");
  }

  void set_context(const TaskContext* context) noexcept { context_ = context; }
  const TaskContext* try_context() const noexcept { return context_; }
  const TaskContext& context() const noexcept {
    CORERING_ASSERT(context_ != nullptr, "a task without a context waits: its root was neither spawned nor told to inherit one");
    return *context_;
  }

  // What happens at the end: one of the three.
  void set_continuation(std::coroutine_handle<> continuation) noexcept { set_end(End::resume, continuation.address()); }
  void set_done(DoneHandler done, void* target) noexcept {
    set_end(End::call, target);
    done_ = done;
  }
  void set_transfer(Transfer transfer, void* target) noexcept {
    set_end(End::transfer, target);
    transfer_ = transfer;
  }

 private:
  enum class End : std::uint8_t { nothing, resume, call, transfer };

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
      const PromiseBase& promise = finished.promise();
      if (promise.end_ == End::resume) return std::coroutine_handle<>::from_address(promise.target_);
      // The handlers may destroy the frame: nothing of it is touched afterwards.
      if (promise.end_ == End::transfer) return promise.transfer_(promise.target_);
      if (promise.end_ == End::call) promise.done_(promise.target_);
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  void set_end(End end, void* target) noexcept {
    end_ = end;
    target_ = target;
  }

  const TaskContext* context_ = nullptr;
  void* target_ = nullptr;  // of the end
  union {
    DoneHandler done_ = nullptr;
    Transfer transfer_;
  };
  End end_ = End::nothing;
};

// The context of an awaiting coroutine; nullptr if it is of another kind.
template <typename P>
const TaskContext* context_of(std::coroutine_handle<P> awaiting) noexcept {
  if constexpr (std::is_base_of_v<PromiseBase, P>) {
    return awaiting.promise().try_context();
  } else {
    return nullptr;
  }
}

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

  // Gives a root its context. Requires: the context outlives the task.
  void inherit(const TaskContext& context) noexcept { frame_.promise().set_context(&context); }

  auto operator co_await() && noexcept {
    CORERING_ASSERT(frame_, "an empty task is awaited");
    return Awaiter{frame_, nullptr};
  }

  // To be awaited: runs the task in another context than the awaiting one's, which has to outlive the await.
  auto in(const TaskContext& context) && noexcept {
    CORERING_ASSERT(frame_, "an empty task is awaited");
    return Awaiter{frame_, &context};
  }

  // For those who run a task by hand: the coroutine, and, when it has ended, its value, once.
  std::coroutine_handle<promise_type> frame() const noexcept { return frame_; }
  T take() { return frame_.promise().take(); }
  std::coroutine_handle<promise_type> release() noexcept { return std::exchange(frame_, nullptr); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  struct Awaiter {
    std::coroutine_handle<promise_type> frame;
    const TaskContext* context;  // nullptr: the awaiting coroutine's

    bool await_ready() const noexcept { return false; }
    template <typename P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) const noexcept {
      frame.promise().set_context(context != nullptr ? context : internal::context_of(awaiting));
      frame.promise().set_continuation(awaiting);
      return frame;
    }
    T await_resume() const { return frame.promise().take(); }
  };

  std::coroutine_handle<promise_type> frame_;
};

template <typename T>
Task<T> internal::Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> internal::Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

namespace internal {

struct ThisTaskAwaiter {
  const TaskContext* context = nullptr;

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> awaiting) noexcept {
    context = &awaiting.promise().context();
    return false;
  }
  const TaskContext& await_resume() const noexcept { return *context; }
};

}  // namespace internal

// To be awaited: the context of the task that awaits.
inline internal::ThisTaskAwaiter this_task() noexcept { return {}; }

}  // namespace corering::sched
