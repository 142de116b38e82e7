// Dialer: the client side: makes connections of one core to other servers, with the same sessions and coroutines as accepted ones.
//
//   base::Result<net::DialedConnection> dialed = co_await dialer.dial(target);
//   if (!dialed) co_return;
//   net::Connection& connection = **dialed;              // closed, in order, when `dialed` dies
//   if (!connection.try_write(request)) ...
//   net::Slice reply = co_await connection.receive();
//
// or, with hooks: `net::Dial dial_ = net::Dial::to<&Proxy::on_dialed>(this);  dialer.start(dial_, target, session);`. The session's
// on_open is called, then the handler.
//
// A name is looked up by the offload pool, and its addresses are tried one after the other until one connects. At most
// limits.connections_max connections and attempts exist at once; beyond that a dial fails at once (a ConnectionPool waits instead).
//
// Thread: owning core only. Lifetime: outlives its dials and connections; destroyed when is_idle(). A service that has one ends it when
// nobody needs its connections any more: drain() refuses new dials, abort() ends everything.
// Errors of a dial: os_error ETIMEDOUT when the time is up, ECONNREFUSED and the like of the last address that was tried; limit_too_low
// at the limit; invalid_argument for a name that does not exist; unsupported while draining.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "corering/mem/object_pool.h"
#include "corering/net/awaited_session.h"
#include "corering/net/connection.h"
#include "corering/net/dial.h"
#include "corering/net/dialer_counters.h"
#include "corering/net/limits.h"
#include "corering/net/transport.h"
#include "corering/sched/suspension.h"
#include "corering/sys/resolve.h"

namespace corering::net {

class DialAwaiter;

struct DialerOptions {
  DialTimes times;
  // How names become addresses. Called on a blocking thread.
  base::Result<std::vector<sys::SocketAddress>> (*resolve)(const std::string& host, std::uint16_t port) = &sys::resolve;
};

class Dialer final : public ConnectionOwner {
 public:
  Dialer(runtime::Core& core, const Limits& limits, const DialerOptions& options = {});
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;
  ~Dialer();

  // The dial's handler is called in a later turn, once, unless it is forgotten. A connection lives with `session` until its on_close.
  // Requires: the dial is not running; the session outlives the connection.
  void start(Dial& dial, Target target, Session& session) { start(dial, std::move(target), session, options_.times); }
  void start(Dial& dial, Target target, Session& session, const DialTimes& times);

  // The same for coroutines. One whose task is cancelled goes on at once, with ErrorCode::cancelled; a connection that comes about
  // after all is closed.
  DialAwaiter dial(Target target) noexcept;
  DialAwaiter dial(Target target, const DialTimes& times) noexcept;

  // Takes no more dials, and gives up those that run. Connections stay until their sessions end them.
  void drain();
  void abort();
  bool is_idle() const noexcept { return live_ == 0 && attempts_.empty(); }
  void end() { transport_.abandon_zero_copy_sends(); }  // the loop has ended: see runtime::Service

  std::size_t connections() const noexcept { return live_; }
  runtime::Core& core() noexcept { return transport_.core(); }
  ring::Ring& ring() noexcept { return transport_.ring(); }
  const DialerOptions& options() const noexcept { return options_; }
  DialerCounters& counters() noexcept { return counters_; }
  AwaitedSession& awaited_session() noexcept { return awaited_session_; }

  // For attempts.
  void on_connected(Dial& dial, Session& session, int fd, base::Duration took);
  void release(DialAttempt& attempt) noexcept;
  void release(Connection& connection) noexcept override;

 private:
  Transport transport_;
  const DialerOptions options_;
  DialerCounters counters_;
  ZeroCopyTrial trial_;  // of all its connections together
  AwaitedSession awaited_session_;
  bool draining_ = false;
  std::size_t live_ = 0;
  std::size_t attempts_live_ = 0;
  mem::ObjectPool<Connection> pool_;
  mem::ObjectPool<DialAttempt> attempt_pool_{{.room = mem::Room::net}};
  base::List<Connection, ConnectionTag> connections_;
  base::List<DialAttempt, DialTag> attempts_;
};

// The owner of a dialed connection: finishes it when it dies, and keeps it valid until then. Move-only.
class DialedConnection {
 public:
  explicit DialedConnection(Connection& connection) noexcept : connection_(&connection) { connection.hold(); }
  DialedConnection(DialedConnection&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  DialedConnection& operator=(DialedConnection&& other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
  }
  ~DialedConnection() {
    if (connection_ == nullptr) return;
    connection_->forget_waiter();
    connection_->finish();
    connection_->unhold();
  }

  Connection& operator*() const noexcept { return *connection_; }
  Connection* operator->() const noexcept { return connection_; }

 private:
  Connection* connection_;
};

class DialAwaiter {
 public:
  DialAwaiter(Dialer& dialer, Target target, const DialTimes& times) noexcept
      : dialer_(dialer), target_(std::move(target)), times_(times) {}
  DialAwaiter(const DialAwaiter&) = delete;
  DialAwaiter& operator=(const DialAwaiter&) = delete;

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) {
    if (!suspension_.try_suspend(coroutine)) return false;
    dialer_.start(dial_, std::move(target_), dialer_.awaited_session(), times_);
    return true;
  }
  base::Result<DialedConnection> await_resume() {
    if (!result_) return base::failure({base::ErrorCode::cancelled, 0, "a connection is not waited for: cancelled"});
    return std::move(*result_);
  }

 private:
  void on_dialed(base::Result<Connection*> result) {
    if (result) {
      result_.emplace(DialedConnection(**result));
    } else {
      result_.emplace(base::failure(std::move(result.error())));
    }
    suspension_.resume();
  }
  bool forget() noexcept {
    dial_.forget();
    return true;
  }

  Dialer& dialer_;
  Target target_;
  const DialTimes times_;
  std::optional<base::Result<DialedConnection>> result_;
  Dial dial_ = Dial::to<&DialAwaiter::on_dialed>(this);
  sched::Suspension suspension_ = sched::Suspension::to<&DialAwaiter::forget>(this);
};

inline DialAwaiter Dialer::dial(Target target) noexcept { return {*this, std::move(target), options_.times}; }
inline DialAwaiter Dialer::dial(Target target, const DialTimes& times) noexcept { return {*this, std::move(target), times}; }

}  // namespace corering::net
