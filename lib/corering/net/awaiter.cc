#include "corering/net/awaiter.h"

#include "corering/net/connection.h"

namespace corering::net {

bool ReceiveAwaiter::await_ready() const noexcept { return !connection_.input().empty() || connection_.is_finished_with_input(); }

void ReceiveAwaiter::await_suspend(std::coroutine_handle<> coroutine) noexcept {
  connection_.waiter_.wait(Waiter::For::data, coroutine);
}

Slice ReceiveAwaiter::await_resume() noexcept {
  if (connection_.input().empty()) return {};
  Slice slice = connection_.input().pop_front();
  connection_.regulate();
  return slice;
}

bool LandingAwaiter::await_ready() noexcept {
  if (connection_.has_no_more_input()) return true;
  begun_ = true;
  connection_.land(into_);
  return false;
}

void LandingAwaiter::await_suspend(std::coroutine_handle<> coroutine) noexcept {
  connection_.waiter_.wait(Waiter::For::landing, coroutine);
  connection_.resume();
}

std::size_t LandingAwaiter::await_resume() const noexcept { return begun_ ? connection_.landed_bytes() : 0; }

bool SendAwaiter::await_ready() const noexcept {
  return !connection_.is_above_high_mark() || connection_.state() >= ConnectionState::closing;
}

void SendAwaiter::await_suspend(std::coroutine_handle<> coroutine) noexcept {
  connection_.waiter_.wait(Waiter::For::room, coroutine);
}

bool SendAwaiter::await_resume() const noexcept { return connection_.state() < ConnectionState::closing; }

}  // namespace corering::net
