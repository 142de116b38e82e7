// The awaitable operations of a connection, and who waits for them.
//
// A handler coroutine waits for one thing at a time: data, or room in the send queue. When that is there the coroutine is put
// into the ready queue and resumed by the loop, never from inside a completion handler. If its task is cancelled meanwhile, it is
// resumed as if nothing more would come; this_task() tells the difference. Thread: the connection's core.
#pragma once

#include <coroutine>
#include <utility>

#include "corering/net/slice.h"
#include "corering/sched/suspension.h"

namespace corering::net {

class Connection;

// The suspended coroutine of a connection, if any.
class Waiter {
 public:
  enum class For : std::uint8_t { nothing, data, landing, room };

  explicit Waiter(Connection& connection) noexcept : connection_(connection) {}

  // False: cancelled already.
  bool try_wait(For what, std::coroutine_handle<> coroutine, const sched::TaskContext& context) noexcept {
    if (!suspension_.try_suspend(coroutine, context)) return false;
    what_ = what;
    return true;
  }
  For waits_for() const noexcept { return what_; }

  // The coroutine is gone: true if it waited. Requires: not for a landing, whose memory the kernel may hold.
  bool forget() noexcept {
    CORERING_ASSERT(what_ != For::landing, "a coroutine is destroyed while it receives into memory of its own");
    what_ = For::nothing;
    return suspension_.forget();
  }

  // Resumes the coroutine in the ready phase of this or the next turn. Does nothing if none waits.
  void wake() noexcept {
    what_ = For::nothing;
    suspension_.resume();
  }

 private:
  bool on_cancel();

  Connection& connection_;
  For what_ = For::nothing;
  sched::Suspension suspension_ = sched::Suspension::to<&Waiter::on_cancel>(this);
};

// What the three have in common: the coroutine looks for what it wants, waits if it is not there, and learns of cancellation
// before, during and after that. An Awaiter's try_wait does the looking: false if there is nothing to wait for.
template <typename Awaiter>
class ConnectionAwaiter {
 public:
  explicit ConnectionAwaiter(Connection& connection) noexcept : connection_(connection) {}

  bool await_ready() const noexcept { return false; }

  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) noexcept {
    context_ = &coroutine.promise().context();
    return static_cast<Awaiter&>(*this).try_wait(coroutine);
  }

 protected:
  bool is_cancelled() const noexcept { return context_->is_cancelled(); }

  Connection& connection_;
  const sched::TaskContext* context_ = nullptr;
};

class ReceiveAwaiter : public ConnectionAwaiter<ReceiveAwaiter> {
 public:
  using ConnectionAwaiter::ConnectionAwaiter;

  Slice await_resume() noexcept;

 private:
  friend ConnectionAwaiter;
  bool try_wait(std::coroutine_handle<> coroutine) noexcept;
};

class LandingAwaiter : public ConnectionAwaiter<LandingAwaiter> {
 public:
  LandingAwaiter(Connection& connection, base::MutableBytes into) noexcept : ConnectionAwaiter(connection), into_(into) {}

  std::size_t await_resume() const noexcept;

 private:
  friend ConnectionAwaiter;
  bool try_wait(std::coroutine_handle<> coroutine) noexcept;

  base::MutableBytes into_;
  bool begun_ = false;
};

class SendAwaiter : public ConnectionAwaiter<SendAwaiter> {
 public:
  using ConnectionAwaiter::ConnectionAwaiter;

  bool await_resume() const noexcept;

 private:
  friend ConnectionAwaiter;
  bool try_wait(std::coroutine_handle<> coroutine) noexcept;
};

}  // namespace corering::net
