// call_on: a function or a coroutine run on another core, and its result awaited on this one.
//
//   sched::Outcome<std::size_t> length = co_await runtime::call_on(core, other, &length_of, std::string("key"));
//   if (!length) ...             // length.error(): cancelled, deadline_exceeded, or unreachable: that core has stopped
//
//   std::size_t length_of(runtime::Core& there, const std::string& key);              // runs in the mailbox phase: keep it short
//   sched::Task<std::size_t> length_of(runtime::Core& there, std::string key);        // begins as a task of that core
//
// The first argument is the core that runs it; it touches what belongs to that core. The rest is copied or moved along, as std::thread
// does, and so is the result: references would be to what belongs to another core. Functions are called in the order of sending.
//
// Deadline and priority are the asker's: what has not begun at the deadline never is. When the asking task is cancelled it goes on at
// once; a coroutine on the other side sees its waits end, and what it returns is thrown away. When the mailbox is full the asker waits
// for room. A call on the own core works the same way, one turn later.
//
// g++ 12: no capturing lambda in the expression of a co_await; name it first, or pass a function and its arguments.
//
// Thread: a pinned task's core. Cost: one block of the FramePool, two messages, no heap allocation, and a wake-up if the other core
// sleeps; figures in bench/README.md.
#pragma once

#include <coroutine>
#include <functional>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "corering/runtime/call_port.h"
#include "corering/runtime/core.h"
#include "corering/sched/children.h"
#include "corering/sched/frame_pool.h"
#include "corering/sched/outcome.h"
#include "corering/sched/suspension.h"
#include "corering/sched/task.h"

namespace corering::runtime {

namespace internal {

template <typename T>
struct TaskValue {
  using Type = T;
  static constexpr bool kIsTask = false;
};
template <typename T>
struct TaskValue<sched::Task<T>> {
  using Type = T;
  static constexpr bool kIsTask = true;
};

// A call that has room for its result. T is void or movable.
template <typename T>
class ValueCall : public RemoteCall {
 public:
  // Requires: it was answered. Once.
  sched::Stored<T>&& take() noexcept { return std::move(*value_); }

 protected:
  std::optional<sched::Stored<T>> value_;
};

template <typename Function, typename... Arguments>
class CallOf final : public ValueCall<typename TaskValue<std::invoke_result_t<Function, Core&, Arguments...>>::Type> {
 public:
  using Returned = std::invoke_result_t<Function, Core&, Arguments...>;
  using Value = typename TaskValue<Returned>::Type;
  static constexpr CallPort::Kind kKind = TaskValue<Returned>::kIsTask ? CallPort::Kind::task : CallPort::Kind::function;

  template <typename... Given>
  static CallOf& make(Given&&... given) {
    return *new (sched::FramePool::allocate(sizeof(CallOf))) CallOf(std::forward<Given>(given)...);
  }
  void destroy() noexcept override {
    this->~CallOf();
    sched::FramePool::release(this, sizeof(CallOf));
  }

 private:
  struct NoTask {};

  template <typename... Given>
  explicit CallOf(Given&&... given) : call_(std::forward<Given>(given)...) {}

  // The function object stays where it is: a coroutine of its own may refer to it until it ends.
  Returned invoke(Core& there) {
    return std::apply(
        [&there](Function& function, Arguments&... arguments) { return std::invoke(function, there, std::move(arguments)...); },
        call_);
  }

  bool serve(Core& there) override {
    if constexpr (kKind == CallPort::Kind::task) {
      port_ = &there.calls();
      task_ = invoke(there);
      task_.inherit(this->task_context());
      task_.start(&CallOf::on_ended, this);
      return false;
    } else if constexpr (std::is_void_v<Value>) {
      invoke(there);
      this->value_.emplace();
      return true;
    } else {
      this->value_.emplace(invoke(there));
      return true;
    }
  }

  static void on_ended(void* self) {
    auto& call = *static_cast<CallOf*>(self);
    call.value_.emplace(sched::internal::take_stored(call.task_));
    call.task_ = {};  // the frame goes back to the pool it came from
    call.port_->end(call, RemoteCall::End::answered);
  }

  std::tuple<Function, Arguments...> call_;
  CallPort* port_ = nullptr;
  [[no_unique_address]] std::conditional_t<kKind == CallPort::Kind::task, Returned, NoTask> task_;
};

template <typename Call>
class CallAwaiter final : public CallAsker {
 public:
  using Value = typename Call::Value;

  CallAwaiter(Core& here, CoreId to, Call& call) noexcept : here_(here), to_(to), call_(&call) {}
  CallAwaiter(const CallAwaiter&) = delete;
  CallAwaiter& operator=(const CallAwaiter&) = delete;
  ~CallAwaiter() {
    if (is_started_) {
      forget();
    } else if (call_ != nullptr) {
      call_->destroy();
    }
  }

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) noexcept {
    if (!suspension_.try_suspend(coroutine)) return false;
    is_started_ = true;
    here_.calls().start(*call_, Call::kKind, to_, *this, suspension_.context());
    return true;
  }
  sched::Outcome<Value> await_resume() {
    if (end_ == RemoteCall::End::expired) return sched::stopped(sched::Stop::deadline_exceeded);
    if (end_ == RemoteCall::End::unreachable) return sched::stopped(sched::Stop::unreachable);
    if (end_ != RemoteCall::End::answered) return sched::stopped(sched::Stop::cancelled);
    if constexpr (std::is_void_v<Value>) {
      return {};
    } else {
      return sched::Outcome<Value>(std::move(*value_));
    }
  }

 private:
  void on_answer(RemoteCall& call) override {
    end_ = call.end();
    if (end_ == RemoteCall::End::answered) value_.emplace(static_cast<Call&>(call).take());
    call_ = nullptr;
    suspension_.resume();
  }
  bool forget() noexcept {
    if (call_ != nullptr) here_.calls().forget(*std::exchange(call_, nullptr));
    return true;
  }

  Core& here_;
  const CoreId to_;
  Call* call_;  // until it has been answered or forgotten
  bool is_started_ = false;
  RemoteCall::End end_ = RemoteCall::End::none;
  std::optional<sched::Stored<Value>> value_;
  sched::Suspension suspension_ = sched::Suspension::to<&CallAwaiter::forget>(this);
};

}  // namespace internal

// To be awaited: a sched::Outcome of what function(core `to`, arguments...) returns, or of what the task returns that it makes.
template <typename Function, typename... Arguments>
auto call_on(Core& here, CoreId to, Function&& function, Arguments&&... arguments) {
  using Call = internal::CallOf<std::decay_t<Function>, std::decay_t<Arguments>...>;
  return internal::CallAwaiter<Call>(here, to, Call::make(std::forward<Function>(function), std::forward<Arguments>(arguments)...));
}

}  // namespace corering::runtime
