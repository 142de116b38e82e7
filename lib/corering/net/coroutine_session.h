// Handlers as coroutines: one coroutine per connection, written top to bottom.
//
//   sched::Task<> echo(net::Connection& connection) {
//     for (;;) {
//       net::Slice slice = co_await connection.receive();
//       if (!slice) co_return;
//       co_await connection.send_with_backpressure(std::move(slice));
//     }
//   }
//
// When the coroutine returns, what is queued still leaves and the connection closes. When the connection breaks, receive() gives
// an empty slice and the coroutine is expected to return. Thread: the connection's core. Cost over session hooks: a resumption
// per receive, through the ready queue.
#pragma once

#include <cstddef>

#include "corering/mem/object_pool.h"
#include "corering/net/awaited_session.h"
#include "corering/net/connection.h"
#include "corering/net/session.h"
#include "corering/sched/task.h"

namespace corering::net {

using ConnectionHandler = sched::Task<> (*)(Connection& connection);

class CoroutineSession final : public AwaitedSession {
 public:
  CoroutineSession(Connection& connection, ConnectionHandler handler) : connection_(connection), task_(handler(connection)) {
    task_.inherit(connection.transport().core().scheduler().context());
  }

  void on_open(Connection& connection) override;

 private:
  static void on_returned(void* self);

  Connection& connection_;
  sched::Task<> task_;
};

class CoroutineSessions final : public SessionFactory {
 public:
  CoroutineSessions(ConnectionHandler handler, std::size_t connections_max)
      : handler_(handler), pool_({.live_max = connections_max, .room = mem::Room::net}) {}

  Session* try_open(Connection& connection) override;
  void close(Session& session) noexcept override;

 private:
  const ConnectionHandler handler_;
  mem::ObjectPool<CoroutineSession> pool_;
};

}  // namespace corering::net
