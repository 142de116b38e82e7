// Session: what a protocol does with a connection, as hooks.
//
// The lower-level of the two ways to write a handler, for protocols that batch; the other is a coroutine (coroutine_session.h). A
// session sees all that has arrived and consumes what it understands; bytes it leaves stay in the input until more come. A session
// that leaves bytes because it waits for something else calls connection.resume() when it has it.
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

  // A landing read is complete: the memory given to connection.land() is full.
  virtual void on_landed(Connection&) {}

  // on_data has left limits.input_chunks_max chunks in the input: no more is read before there are fewer. Or it has left anything
  // when all connections together hold nearly all chunks. By default small pieces are put together; if the input stays full, the
  // message that the session waits for cannot be received, and the connection is aborted and counted as an input overflow. A
  // session that will consume later, and then resume, does nothing here.
  virtual void on_input_full(Connection& connection) {
    if (!connection.compact_input()) connection.abort_for_overflow();
  }

  // No more input will come: the peer has ended its side, or the server drains. What is queued still leaves.
  virtual void on_end(Connection& connection) { connection.finish(); }

  // There is room again: the send queue has fallen from above its high mark to its low mark, or chunks have come home after
  // try_write found none.
  virtual void on_drain(Connection&) {}

  // The connection is gone. The last call.
  virtual void on_close(Connection&) {}
};

// Makes the sessions of a core. Thread: its core's.
class SessionFactory {
 public:
  virtual ~SessionFactory() = default;

  // nullptr: there is no memory for a session. The connection is then closed, and counted as refused.
  virtual Session* try_open(Connection& connection) = 0;
  virtual void close(Session& session) noexcept = 0;  // after on_close
};

// For sessions without state: one serves all connections of a core.
template <typename StatelessSession>
class SharedSession final : public SessionFactory {
 public:
  Session* try_open(Connection&) override { return &session_; }
  void close(Session&) noexcept override {}

 private:
  StatelessSession session_;
};

}  // namespace corering::net
