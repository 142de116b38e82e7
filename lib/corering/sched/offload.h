// Offload<T>: a blocking call made elsewhere, as an embedded operation with a handler; and `co_await offload(...)`, the same for
// coroutines.
//
//   base::Result<Addresses> found = co_await sched::offload(core.offloads(), &look_up, std::string("example.org"));
//
//   sched::Offload<Addresses> look_up_ = sched::Offload<Addresses>::to<&Owner::on_found>(this);
//   if (auto begun = look_up_.start(core.offloads(), &look_up, name); !begun) ...
//
// Function and arguments are copied or moved into the job, as std::thread does, and the job outlives whoever waits for it. Requires:
// they refer to nothing that may die before the call returns; so no references to the coroutine or the connection.
//
// A coroutine whose task is cancelled goes on at once; a call cannot be interrupted: it runs to its end, and its result is thrown away
// when it comes back.
//
// g++ 12: no capturing lambda in the expression of a co_await; name it first, or pass a function and its arguments.
//
// Thread: the asking core; the call itself runs on a blocking thread. Lifetime: an Offload that dies forgets its call. Errors: those
// of OffloadPool::try_submit; unsupported if the core stops before the call returns; of a coroutine also cancelled.
// Cost: one allocation from the frame pool; not for hot paths.
#pragma once

#include <coroutine>
#include <functional>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "corering/base/result.h"
#include "corering/sched/frame_pool.h"
#include "corering/sched/offload_port.h"
#include "corering/sched/suspension.h"

namespace corering::sched {

namespace internal {

// A job that can say what it has found. T is void or movable.
template <typename T>
class OffloadValue : public OffloadJob {
 public:
  base::Result<T> take() {
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(*value_);
    }
  }

 protected:
  struct Nothing {};
  std::optional<std::conditional_t<std::is_void_v<T>, Nothing, T>> value_;
};

template <typename T, typename Function, typename... Arguments>
class OffloadCall final : public OffloadValue<T> {
 public:
  template <typename... Given>
  static OffloadCall& make(Given&&... given) {
    return *new (FramePool::allocate(sizeof(OffloadCall))) OffloadCall(std::forward<Given>(given)...);
  }

  void work() override {
    if constexpr (std::is_void_v<T>) {
      std::apply([](auto&&... parts) { std::invoke(std::move(parts)...); }, std::move(call_));
    } else {
      this->value_.emplace(std::apply([](auto&&... parts) { return std::invoke(std::move(parts)...); }, std::move(call_)));
    }
  }
  void destroy() noexcept override {
    this->~OffloadCall();
    FramePool::release(this, sizeof(OffloadCall));
  }

 private:
  template <typename... Given>
  explicit OffloadCall(Given&&... given) : call_(std::forward<Given>(given)...) {}

  std::tuple<Function, Arguments...> call_;
};

template <typename Function, typename... Arguments>
using OffloadResult = std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>;

}  // namespace internal

template <typename T>
class Offload final : public OffloadAsker {
 public:
  using Handler = void (*)(void* owner, base::Result<T> result);

  Offload(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;
  ~Offload() { forget(); }

  template <auto kMember, typename Owner>
  static Offload to(Owner* owner) noexcept {
    return {[](void* self, base::Result<T> result) { (static_cast<Owner*>(self)->*kMember)(std::move(result)); }, owner};
  }

  // The handler is called in a later turn, unless this fails. Requires: it is not running.
  template <typename Function, typename... Arguments>
    requires std::is_same_v<T, internal::OffloadResult<Function, Arguments...>>
  base::Result<> start(OffloadPort& port, Function&& function, Arguments&&... arguments) {
    CORERING_ASSERT(job_ == nullptr, "an offload is started while it runs");
    using Call = internal::OffloadCall<T, std::decay_t<Function>, std::decay_t<Arguments>...>;
    auto& call = Call::make(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
    if (auto started = port.start(call, *this); !started) return started;
    port_ = &port;
    job_ = &call;
    return {};
  }

  // The handler is not called any more; the call itself cannot be stopped.
  void forget() noexcept {
    if (job_ != nullptr) port_->forget(*std::exchange(job_, nullptr));
  }

  bool is_running() const noexcept { return job_ != nullptr; }

 private:
  void on_offloaded(OffloadJob& job) override {
    job_ = nullptr;
    handler_(owner_, static_cast<internal::OffloadValue<T>&>(job).take());
  }
  void on_abandoned() override {
    job_ = nullptr;
    handler_(owner_, base::failure({base::ErrorCode::unsupported, 0, "the core is stopping: a blocking call was left behind"}));
  }

  const Handler handler_;
  void* const owner_;
  OffloadPort* port_ = nullptr;
  OffloadJob* job_ = nullptr;
};

// What `co_await offload(...)` waits on.
template <typename T, typename Call>
class OffloadAwaiter {
 public:
  template <typename... Given>
  explicit OffloadAwaiter(OffloadPort& port, Given&&... given) : port_(port), call_(std::forward<Given>(given)...) {}
  OffloadAwaiter(const OffloadAwaiter&) = delete;
  OffloadAwaiter& operator=(const OffloadAwaiter&) = delete;

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) {
    if (!suspension_.try_suspend(coroutine)) return false;
    auto started = std::apply([this](auto&&... parts) { return offload_.start(port_, std::move(parts)...); }, std::move(call_));
    if (started) return true;
    suspension_.forget();
    result_.emplace(base::failure(std::move(started.error())));
    return false;
  }
  base::Result<T> await_resume() {
    if (!result_) return base::failure({base::ErrorCode::cancelled, 0, "a blocking call is not waited for: cancelled"});
    return std::move(*result_);
  }

 private:
  void on_result(base::Result<T> result) {
    result_.emplace(std::move(result));
    suspension_.resume();
  }
  bool forget() noexcept {
    offload_.forget();
    return true;
  }

  OffloadPort& port_;
  Call call_;
  std::optional<base::Result<T>> result_;
  Offload<T> offload_ = Offload<T>::template to<&OffloadAwaiter::on_result>(this);
  Suspension suspension_ = Suspension::to<&OffloadAwaiter::forget>(this);
};

// Waits for function(arguments...), made by a thread that may block.
template <typename Function, typename... Arguments>
auto offload(OffloadPort& port, Function&& function, Arguments&&... arguments) {
  using Call = std::tuple<std::decay_t<Function>, std::decay_t<Arguments>...>;
  using T = internal::OffloadResult<Function, Arguments...>;
  return OffloadAwaiter<T, Call>(port, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

}  // namespace corering::sched
