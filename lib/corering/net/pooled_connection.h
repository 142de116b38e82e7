// PooledConnection: what ConnectionPool::borrow gives: a connection, lent; and its life inside the pool.
//
// Thread: owning core only. Lifetime: the pool outlives it.
#pragma once

#include <cstdint>
#include <utility>

#include "corering/base/intrusive.h"
#include "corering/net/awaited_session.h"
#include "corering/net/dial.h"
#include "corering/sched/task.h"
#include "corering/sched/timer_wheel.h"

namespace corering::net {

class ConnectionPool;
struct IdleTag;

// One connection of a pool, from its dial to its end. It is the session of its connection: while nobody has borrowed it, an end or
// bytes that come unasked take it out of the pool.
class PoolEntry final : public AwaitedSession, public base::ListHook<IdleTag> {
 public:
  explicit PoolEntry(ConnectionPool& pool) noexcept : pool_(pool) {}
  PoolEntry(const PoolEntry&) = delete;
  PoolEntry& operator=(const PoolEntry&) = delete;

  void on_data(Connection& connection) override;
  void on_end(Connection& connection) override;
  void on_close(Connection& connection) override;

 private:
  friend class ConnectionPool;
  friend class PooledConnection;

  enum class State : std::uint8_t { dialing, idle, lent, probed, leaving };

  void on_dialed(base::Result<Connection*> result);
  void on_timer();
  static void on_probed(void* self);

  ConnectionPool& pool_;
  State state_ = State::dialing;
  Connection* connection_ = nullptr;
  bool is_discarded_ = false;
  bool is_healthy_ = false;  // what the probe has found
  base::Instant made_;
  base::Instant idle_since_;
  base::Instant checked_;  // last known to be alive
  sched::Task<> probe_;
  Dial dial_ = Dial::to<&PoolEntry::on_dialed>(this);
  sched::Timer timer_ = sched::Timer::to<&PoolEntry::on_timer>(this);  // while idle or probed
};

// Gives the connection back when it dies. Move-only.
class PooledConnection {
 public:
  explicit PooledConnection(PoolEntry& entry) noexcept : entry_(&entry) {}
  PooledConnection(PooledConnection&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  PooledConnection& operator=(PooledConnection&& other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~PooledConnection();

  Connection& operator*() const noexcept { return *entry_->connection_; }
  Connection* operator->() const noexcept { return entry_->connection_; }

  // It is closed instead of reused: a reply is outstanding, or the protocol is out of step.
  void discard() noexcept { entry_->is_discarded_ = true; }

 private:
  PoolEntry* entry_;
};

}  // namespace corering::net
