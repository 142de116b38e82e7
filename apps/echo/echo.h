// The echo server's whole behaviour: every byte goes back where it came from, without being copied. In both ways to write a
// handler.
#pragma once

#include <utility>

#include "corering/net/connection.h"
#include "corering/net/session.h"
#include "corering/sched/task.h"

namespace echo {

// With session hooks: what arrived moves from the input to the send queue; the connection sees to back-pressure, ends and errors.
class EchoSession final : public corering::net::Session {
 public:
  void on_data(corering::net::Connection& connection) override {
    while (!connection.input().empty()) connection.send(connection.input().pop_front());
  }
};

// As a coroutine: the same, top to bottom.
inline corering::sched::Task<> echo(corering::net::Connection& connection) {
  for (;;) {
    corering::net::Slice slice = co_await connection.receive();
    if (!slice) co_return;
    co_await connection.send_with_backpressure(std::move(slice));
  }
}

}  // namespace echo
