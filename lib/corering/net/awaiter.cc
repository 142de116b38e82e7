#include "corering/net/awaiter.h"

#include "corering/net/connection.h"

namespace corering::net {

// A landing has lent memory of the coroutine to the kernel, and what has landed cannot be given back to the stream: the connection
// is broken off, and the coroutine goes on when the kernel has let go.
bool Waiter::on_cancel() {
  if (what_ == For::landing) {
    connection_.abort();
    return false;
  }
  what_ = For::nothing;
  return true;
}

bool ReceiveAwaiter::try_wait(std::coroutine_handle<> coroutine) noexcept {
  if (!connection_.input().empty() || connection_.is_finished_with_input()) return false;
  return connection_.waiter_.try_wait(Waiter::For::data, coroutine, *context_);
}

Slice ReceiveAwaiter::await_resume() noexcept {
  if (is_cancelled() || connection_.input().empty()) return {};
  Slice slice = connection_.input().pop_front();
  connection_.regulate();
  return slice;
}

bool LandingAwaiter::try_wait(std::coroutine_handle<> coroutine) noexcept {
  if (connection_.has_no_more_input() || !connection_.waiter_.try_wait(Waiter::For::landing, coroutine, *context_)) return false;
  begun_ = true;
  connection_.land(into_);
  connection_.resume();
  return true;
}

std::size_t LandingAwaiter::await_resume() const noexcept { return begun_ ? connection_.landed_bytes() : 0; }

bool SendAwaiter::try_wait(std::coroutine_handle<> coroutine) noexcept {
  if (!connection_.is_above_high_mark() || connection_.state() >= ConnectionState::closing) return false;
  return connection_.waiter_.try_wait(Waiter::For::room, coroutine, *context_);
}

bool SendAwaiter::await_resume() const noexcept { return !is_cancelled() && connection_.state() < ConnectionState::closing; }

}  // namespace corering::net
