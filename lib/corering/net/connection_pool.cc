#include "corering/net/connection_pool.h"

#include <algorithm>
#include <cerrno>

namespace corering::net {

namespace {

base::Error closed_error() { return {base::ErrorCode::unsupported, 0, "the connection pool is closed"}; }

}  // namespace

ConnectionPool::ConnectionPool(Dialer& dialer, Target target, const ConnectionPoolOptions& options)
    : dialer_(dialer),
      target_(std::move(target)),
      options_(options),
      entries_({.live_max = options.connections_max, .room = mem::Room::net}) {
  register_counters(core().registry(), options_.name, counters_);
}

ConnectionPool::~ConnectionPool() {
  CORERING_ASSERT(waiting_.empty() && is_empty(), "a connection pool is destroyed while it has connections, or somebody waits");
}

void ConnectionPool::close() {
  closed_ = true;
  while (!waiting_.empty()) fail_oldest(closed_error());
  while (!idle_.empty()) retire(idle_.front(), counters_.retired_idle);
}

// Wishes.

void ConnectionPool::add(PoolWish& wish) {
  wish.since_ = core().now();
  if (closed_) {
    counters_.failed.add();
    wish.fulfil(base::failure(closed_error()));
  } else if (!lend_idle(wish)) {
    if (waiting_count_ == options_.waiting_max) {
      counters_.refused.add();
      counters_.failed.add();
      wish.fulfil(base::failure({base::ErrorCode::limit_too_low, 0,
                                 "found " + std::to_string(waiting_count_) + " waiting for a connection to " + target_.text()}));
      return;
    }
    waiting_.push_back(wish);
    counters_.waiting.set(++waiting_count_);
    core().timers().start(wish.timer_, wish.since_ + wish.wait_timeout_);
    dial_for_waiting();
  }
}

void ConnectionPool::remove(PoolWish& wish) noexcept {
  core().timers().stop(wish.timer_);
  if (!wish.is_linked()) return;
  waiting_.erase(waiting_.iterator_to(wish));
  counters_.waiting.set(--waiting_count_);
}

bool ConnectionPool::lend_idle(PoolWish& wish) {
  while (!idle_.empty()) {
    PoolEntry& entry = idle_.front();
    if (is_old(entry)) {
      retire(entry, counters_.retired_old);
      continue;
    }
    // Broken, and on its way out: its close is not done yet.
    if (entry.connection_->state() != ConnectionState::open) {
      retire(entry, counters_.closed_idle);
      continue;
    }
    leave_idle(entry);
    counters_.reused.add();
    lend(entry, wish);
    return true;
  }
  return false;
}

void ConnectionPool::lend(PoolEntry& entry, PoolWish& wish) {
  entry.state_ = PoolEntry::State::lent;
  entry.is_discarded_ = false;
  // The borrower may use it until it is given back, whatever becomes of the socket.
  entry.connection_->hold();
  counters_.borrowed.add();
  counters_.waited_ns.record(static_cast<std::uint64_t>((core().now() - wish.since_).count()));
  remove(wish);
  wish.fulfil(PooledConnection(entry));
}

// One dial for each who waits, as far as there may be connections.
void ConnectionPool::dial_for_waiting() {
  while (dialing_ < waiting_count_ && !closed_) {
    PoolEntry* const entry = entries_.try_borrow(*this);
    if (entry == nullptr) return;
    ++dialing_;
    counters_.connections.set(entries_.live());
    dialer_.start(entry->dial_, target_, *entry, options_.dial_times);
  }
}

void ConnectionPool::fail_oldest(const base::Error& error) {
  if (waiting_.empty()) return;
  PoolWish& wish = waiting_.front();
  remove(wish);
  counters_.failed.add();
  wish.fulfil(base::failure(error));
}

// Connections.

void ConnectionPool::on_dialed(PoolEntry& entry, base::Result<Connection*> result) {
  --dialing_;
  if (!result) {
    counters_.dial_failures.add();
    forget(entry);
    fail_oldest(result.error());
    dial_for_waiting();
    return;
  }
  counters_.dialed.add();
  entry.connection_ = *result;
  entry.made_ = core().now();
  entry.checked_ = entry.made_;
  make_available(entry);
}

void ConnectionPool::give_back(PoolEntry& entry) noexcept {
  Connection& connection = *entry.connection_;
  // A borrower that was destroyed in the middle: what it waited for would be read by the next.
  if (connection.forget_waiter()) entry.is_discarded_ = true;
  const bool is_sound = connection.state() == ConnectionState::open && connection.input().empty() && connection.queued_bytes() == 0;
  if (!is_sound || entry.is_discarded_) {
    retire(entry, counters_.retired_broken);
  } else {
    entry.checked_ = core().now();
    make_available(entry);
  }
  connection.unhold();
}

void ConnectionPool::make_available(PoolEntry& entry) {
  if (is_old(entry)) {
    retire(entry, counters_.retired_old);
  } else if (!waiting_.empty()) {
    if (entry.state_ == PoolEntry::State::lent) counters_.reused.add();
    lend(entry, waiting_.front());
  } else if (closed_ || idle_count_ == options_.idle_max) {
    retire(entry, counters_.retired_idle);
  } else {
    rest(entry);
  }
}

void ConnectionPool::rest(PoolEntry& entry) {
  entry.state_ = PoolEntry::State::idle;
  entry.idle_since_ = core().now();
  idle_.push_front(entry);
  counters_.idle.set(++idle_count_);
  wait_idle(entry);
}

// Until the first thing that is to happen to it.
void ConnectionPool::wait_idle(PoolEntry& entry) {
  base::Instant next = std::min(entry.idle_since_ + options_.idle_timeout, entry.made_ + options_.max_age);
  if (options_.probe != nullptr) next = std::min(next, entry.checked_ + options_.probe_interval);
  core().timers().start(entry.timer_, next);
}

void ConnectionPool::on_idle_timer(PoolEntry& entry) {
  if (entry.state_ == PoolEntry::State::probed) {
    entry.connection_->abort();  // the probe finds its connection ended
  } else if (is_old(entry)) {
    retire(entry, counters_.retired_old);
  } else if (core().now() - entry.idle_since_ >= options_.idle_timeout) {
    retire(entry, counters_.retired_idle);
  } else {
    probe(entry);
  }
}

void ConnectionPool::probe(PoolEntry& entry) {
  const base::Instant idle_since = entry.idle_since_;
  leave_idle(entry);
  entry.state_ = PoolEntry::State::probed;
  entry.idle_since_ = idle_since;
  entry.connection_->hold();
  counters_.probes.add();
  core().timers().start(entry.timer_, core().now() + options_.probe_timeout);
  entry.probe_ = run_probe(entry);
  entry.probe_.inherit(core().scheduler().context());
  entry.probe_.start(&PoolEntry::on_probed, &entry);
}

sched::Task<> ConnectionPool::run_probe(PoolEntry& entry) {
  const bool is_healthy = co_await entry.pool_.options_.probe(*entry.connection_);
  entry.is_healthy_ = is_healthy;
}

void ConnectionPool::on_probed(PoolEntry& entry) {
  Connection& connection = *entry.connection_;
  core().timers().stop(entry.timer_);
  const bool is_sound = entry.is_healthy_ && connection.state() == ConnectionState::open && connection.input().empty();
  if (!is_sound) {
    counters_.probe_failures.add();
    retire(entry, counters_.retired_broken);
  } else if (!waiting_.empty()) {
    entry.checked_ = core().now();
    counters_.reused.add();
    lend(entry, waiting_.front());
  } else {
    const base::Instant idle_since = entry.idle_since_;
    entry.checked_ = core().now();
    rest(entry);
    entry.idle_since_ = idle_since;
    wait_idle(entry);
  }
  connection.unhold();
}

void ConnectionPool::retire(PoolEntry& entry, metrics::Counter& reason) noexcept {
  if (entry.state_ == PoolEntry::State::leaving) return;
  reason.add();
  leave_idle(entry);
  const bool was_probed = entry.state_ == PoolEntry::State::probed;
  entry.state_ = PoolEntry::State::leaving;
  if (was_probed || entry.is_discarded_) {
    entry.connection_->abort();
  } else {
    entry.connection_->finish();
  }
}

void ConnectionPool::leave_idle(PoolEntry& entry) noexcept {
  core().timers().stop(entry.timer_);
  if (!entry.is_linked()) return;
  idle_.erase(idle_.iterator_to(entry));
  counters_.idle.set(--idle_count_);
}

void ConnectionPool::forget(PoolEntry& entry) noexcept {
  leave_idle(entry);
  entries_.give_back(entry);
  counters_.connections.set(entries_.live());
}

// Entries.

void PoolEntry::on_data(Connection& connection) {
  if (state_ != State::idle) {
    AwaitedSession::on_data(connection);
    return;
  }
  pool_.counters_.unasked_bytes.add();
  is_discarded_ = true;
  pool_.retire(*this, pool_.counters_.closed_idle);
}

void PoolEntry::on_end(Connection& connection) {
  if (state_ == State::idle) {
    pool_.retire(*this, pool_.counters_.closed_idle);
  } else {
    AwaitedSession::on_end(connection);
  }
}

// A reset comes without an end before it.
void PoolEntry::on_close(Connection&) {
  if (state_ == State::idle) pool_.counters_.closed_idle.add();
  ConnectionPool& pool = pool_;
  pool.forget(*this);
  pool.dial_for_waiting();
}

void PoolEntry::on_dialed(base::Result<Connection*> result) { pool_.on_dialed(*this, std::move(result)); }

void PoolEntry::on_timer() { pool_.on_idle_timer(*this); }

void PoolEntry::on_probed(void* self) {
  auto& entry = *static_cast<PoolEntry*>(self);
  entry.pool_.on_probed(entry);
}

PooledConnection::~PooledConnection() {
  if (entry_ != nullptr) entry_->pool_.give_back(*entry_);
}

PoolWish::~PoolWish() { pool_.remove(*this); }

bool PoolWish::try_wait(std::coroutine_handle<> coroutine, const sched::TaskContext& context) {
  if (!suspension_.try_suspend(coroutine, context)) {
    on_cancel();
    return false;
  }
  pool_.add(*this);
  if (!result_) return true;
  // Fulfilled at once: there is nothing to wait for.
  suspension_.forget();
  return false;
}

void PoolWish::fulfil(base::Result<PooledConnection> result) {
  result_.emplace(std::move(result));
  suspension_.resume();
}

bool PoolWish::on_cancel() {
  pool_.counters_.cancelled.add();
  pool_.counters_.failed.add();
  pool_.remove(*this);
  result_.emplace(
      base::failure({base::ErrorCode::cancelled, 0, "waiting for a connection to " + pool_.target_.text() + ": cancelled"}));
  return true;
}

void PoolWish::on_timer() {
  pool_.counters_.timed_out.add();
  pool_.counters_.failed.add();
  pool_.remove(*this);
  fulfil(base::failure(base::os_error(ETIMEDOUT, "waiting for a connection to " + pool_.target_.text())));
}

}  // namespace corering::net
