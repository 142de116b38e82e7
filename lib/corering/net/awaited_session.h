// AwaitedSession: the session of a connection that a coroutine reads from and writes to: it only wakes who waits.
//
// What the awaitable operations of a Connection (receive, receive_into, send_with_backpressure) need; it has no state. Its coroutine
// holds the connection (Connection::hold) as long as it refers to it.
//
// Thread: the connection's core.
#pragma once

#include "corering/net/connection.h"
#include "corering/net/session.h"

namespace corering::net {

class AwaitedSession : public Session {
 public:
  void on_data(Connection& connection) override;
  void on_landed(Connection& connection) override;
  void on_end(Connection& connection) override;
  void on_drain(Connection& connection) override;
  void on_input_full(Connection&) override {}  // the coroutine takes it when it is ready to
};

}  // namespace corering::net
