// ConnectionPool: connections of one core to one target, kept open between uses.
//
//   base::Result<net::PooledConnection> upstream = co_await pool.borrow();
//   if (!upstream) co_return;
//   if (!(*upstream)->try_write(request)) ...
//   net::Slice reply = co_await (*upstream)->receive();     // given back when `upstream` dies
//
// The connection used last is lent first. One is dialed when none is idle and there are fewer than connections_max; else the wish waits,
// first come first served, until one is given back or its time is up.
//
// Health. An idle connection is read from all the time, so a peer that closes is seen at once and not by the next user; bytes that come
// unasked end it too. It leaves after idle_timeout, or at max_age when it is idle or comes back. With a probe, one that has been idle
// for probe_interval is asked whether the peer still answers: a peer that has vanished without a word is found out so. A connection that
// comes back with unread bytes, closed or discarded is not used again.
//
// Thread: owning core only. Lifetime: the dialer and the core outlive it; destroyed when is_empty(), which comes after close.
// Errors of a wish: os_error ETIMEDOUT; limit_too_low if too many wait; what the dial for it reports; unsupported after close;
// cancelled with its task: a connection dialed for it then waits, idle, for somebody else.
// Cost: borrowing an idle connection O(1), no allocation.
#pragma once

#include <coroutine>
#include <optional>
#include <string>
#include <utility>

#include "corering/mem/object_pool.h"
#include "corering/net/connection_pool_counters.h"
#include "corering/net/dialer.h"
#include "corering/net/pooled_connection.h"
#include "corering/sched/suspension.h"

namespace corering::net {

class PoolWish;
struct WishTag;

struct ConnectionPoolOptions {
  std::string name = "pool";         // of its metrics
  std::size_t connections_max = 64;  // with those being dialed
  std::size_t idle_max = 16;         // more are closed when they come back
  std::size_t waiting_max = 1024;
  base::Duration wait_timeout = std::chrono::seconds(5);
  base::Duration idle_timeout = std::chrono::seconds(60);
  base::Duration max_age = std::chrono::minutes(30);  // so that a changed address of a name is found
  DialTimes dial_times;

  // Whether the peer still answers; nullptr: not asked. It has probe_timeout, then the connection is aborted under it.
  sched::Task<bool> (*probe)(Connection& connection) = nullptr;
  base::Duration probe_interval = std::chrono::seconds(15);
  base::Duration probe_timeout = std::chrono::seconds(2);
};

class ConnectionPool {
 public:
  ConnectionPool(Dialer& dialer, Target target, const ConnectionPoolOptions& options = {});
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  ~ConnectionPool();

  // A co_await for a base::Result<PooledConnection>.
  PoolWish borrow() noexcept;
  PoolWish borrow(base::Duration wait_timeout) noexcept;

  // Tells those who wait, closes what is idle and what comes back from now on.
  void close();
  bool is_empty() const noexcept { return entries_.live() == 0; }

  const ConnectionPoolCounters& counters() const noexcept { return counters_; }

 private:
  friend class PoolEntry;
  friend class PooledConnection;
  friend class PoolWish;

  void add(PoolWish& wish);
  void remove(PoolWish& wish) noexcept;
  bool lend_idle(PoolWish& wish);
  void lend(PoolEntry& entry, PoolWish& wish);
  void dial_for_waiting();
  void fail_oldest(const base::Error& error);

  void on_dialed(PoolEntry& entry, base::Result<Connection*> result);
  void give_back(PoolEntry& entry) noexcept;
  void make_available(PoolEntry& entry);
  void rest(PoolEntry& entry);
  void wait_idle(PoolEntry& entry);
  void on_idle_timer(PoolEntry& entry);
  void probe(PoolEntry& entry);
  static sched::Task<> run_probe(PoolEntry& entry);
  void on_probed(PoolEntry& entry);
  void retire(PoolEntry& entry, metrics::Counter& reason) noexcept;
  void leave_idle(PoolEntry& entry) noexcept;
  void forget(PoolEntry& entry) noexcept;

  bool is_old(const PoolEntry& entry) const noexcept { return core().now() - entry.made_ >= options_.max_age; }
  runtime::Core& core() const noexcept { return dialer_.core(); }

  Dialer& dialer_;
  const Target target_;
  const ConnectionPoolOptions options_;
  ConnectionPoolCounters counters_;
  bool closed_ = false;
  std::size_t dialing_ = 0;
  std::size_t idle_count_ = 0;
  std::size_t waiting_count_ = 0;
  mem::ObjectPool<PoolEntry> entries_;
  base::List<PoolEntry, IdleTag> idle_;  // used last first
  base::List<PoolWish, WishTag> waiting_;
};

// What `co_await pool.borrow()` waits on.
class PoolWish : public base::ListHook<WishTag> {
 public:
  PoolWish(ConnectionPool& pool, base::Duration wait_timeout) noexcept : pool_(pool), wait_timeout_(wait_timeout) {}
  PoolWish(const PoolWish&) = delete;
  PoolWish& operator=(const PoolWish&) = delete;
  ~PoolWish();

  bool await_ready() noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) {
    return try_wait(coroutine, coroutine.promise().context());
  }
  base::Result<PooledConnection> await_resume() { return std::move(*result_); }

 private:
  friend class ConnectionPool;

  void fulfil(base::Result<PooledConnection> result);
  bool try_wait(std::coroutine_handle<> coroutine, const sched::TaskContext& context);
  void on_timer();
  bool on_cancel();

  ConnectionPool& pool_;
  const base::Duration wait_timeout_;
  base::Instant since_;
  std::optional<base::Result<PooledConnection>> result_;
  sched::Timer timer_ = sched::Timer::to<&PoolWish::on_timer>(this);
  sched::Suspension suspension_ = sched::Suspension::to<&PoolWish::on_cancel>(this);
};

inline PoolWish ConnectionPool::borrow() noexcept { return {*this, options_.wait_timeout}; }
inline PoolWish ConnectionPool::borrow(base::Duration wait_timeout) noexcept { return {*this, wait_timeout}; }

}  // namespace corering::net
