// The awaitable operations of a connection, and who waits for them.
//
// A handler coroutine waits for one thing at a time: data, or room in the send queue. When that is there the coroutine is put
// into the ready queue and resumed by the loop, never from inside a completion handler. Thread: the connection's core.
#pragma once

#include <coroutine>
#include <utility>

#include "corering/net/slice.h"
#include "corering/sched/ready_queue.h"

namespace corering::net {

class Connection;

// The suspended coroutine of a connection, if any.
class Waiter {
 public:
  enum class For : std::uint8_t { nothing, data, landing, room };

  explicit Waiter(sched::ReadyQueue& ready) noexcept : ready_(ready) {}
  ~Waiter() { ready_.remove(runnable_); }

  void wait(For what, std::coroutine_handle<> coroutine) noexcept {
    what_ = what;
    coroutine_ = coroutine;
  }
  For waits_for() const noexcept { return what_; }

  // The coroutine is gone: true if it waited. Requires: not for a landing, whose memory the kernel may hold.
  bool forget() noexcept {
    CORERING_ASSERT(what_ != For::landing, "a coroutine is destroyed while it receives into memory of its own");
    const bool waited = std::exchange(what_, For::nothing) != For::nothing || runnable_.is_queued();
    ready_.remove(runnable_);
    return waited;
  }

  // Resumes the coroutine in the ready phase of this or the next turn. Does nothing if none waits.
  void wake() noexcept {
    if (what_ == For::nothing) return;
    what_ = For::nothing;
    ready_.push(runnable_);
  }

 private:
  void resume() { coroutine_.resume(); }

  sched::ReadyQueue& ready_;
  For what_ = For::nothing;
  std::coroutine_handle<> coroutine_;
  sched::Runnable runnable_ = sched::Runnable::to<&Waiter::resume>(this);
};

class ReceiveAwaiter {
 public:
  explicit ReceiveAwaiter(Connection& connection) noexcept : connection_(connection) {}

  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> coroutine) noexcept;
  Slice await_resume() noexcept;

 private:
  Connection& connection_;
};

class LandingAwaiter {
 public:
  LandingAwaiter(Connection& connection, base::MutableBytes into) noexcept : connection_(connection), into_(into) {}

  bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<> coroutine) noexcept;
  std::size_t await_resume() const noexcept;

 private:
  Connection& connection_;
  base::MutableBytes into_;
  bool begun_ = false;
};

class SendAwaiter {
 public:
  explicit SendAwaiter(Connection& connection) noexcept : connection_(connection) {}

  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> coroutine) noexcept;
  bool await_resume() const noexcept;

 private:
  Connection& connection_;
};

}  // namespace corering::net
