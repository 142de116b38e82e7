// Session: what a protocol does with a connection, as hooks.
//
// The lower-level of the two ways to write a handler, for protocols that batch; the other is a coroutine (coroutine_session.h). A
// session sees all that has arrived and consumes what it understands; bytes it leaves stay in the input until more come.
//
// Thread: the connection's core. Every hook may send, finish or abort; the connection stays valid until on_close returns.
#pragma once

#include <memory>

#include "corering/net/connection.h"

namespace corering::net {

class Session {
 public:
  virtual ~Session() = default;

  // The connection is there; a server that speaks first does it here.
  virtual void on_open(Connection&) {}

  // connection.input() has grown. Not called while the send queue is above its high mark: replies first.
  virtual void on_data(Connection& connection) = 0;

  // No more input will come: the peer has ended its side, or the server drains. What is queued still leaves.
  virtual void on_end(Connection& connection) { connection.finish(); }

  // The send queue has fallen to its low mark after having been above its high mark.
  virtual void on_drain(Connection&) {}

  // The connection is gone. The last call.
  virtual void on_close(Connection&) {}
};

// Makes the sessions of a core. Thread: its core's.
class SessionFactory {
 public:
  virtual ~SessionFactory() = default;

  virtual Session& open(Connection& connection) = 0;
  virtual void close(Session& session) noexcept = 0;  // after on_close
};

// For sessions without state: one serves all connections of a core.
template <typename StatelessSession>
class SharedSession final : public SessionFactory {
 public:
  Session& open(Connection&) override { return session_; }
  void close(Session&) noexcept override {}

 private:
  StatelessSession session_;
};

}  // namespace corering::net
