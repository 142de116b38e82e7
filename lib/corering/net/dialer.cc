#include "corering/net/dialer.h"

#include <string>

namespace corering::net {

namespace {

base::Error refusal(bool draining, std::size_t connections_max) {
  if (draining) return {base::ErrorCode::unsupported, 0, "no new connections are made: the server drains"};
  return {base::ErrorCode::limit_too_low, 0,
          "found " + std::to_string(connections_max) + " outgoing connections: raise the dialer's connections_max"};
}

}  // namespace

Dialer::Dialer(runtime::Core& core, const Limits& limits, const DialerOptions& options)
    : transport_(core, limits, "client_"), options_(options), pool_({.live_max = limits.connections_max, .room = mem::Room::net}) {
  register_counters(core.registry(), counters_);
}

Dialer::~Dialer() { CORERING_ASSERT(is_idle(), "a dialer is destroyed while it has connections or attempts"); }

void Dialer::start(Dial& dial, Target target, Session& session, const DialTimes& times) {
  CORERING_ASSERT(!dial.is_running(), "a dial is started while it runs");
  counters_.dials.add();
  DialAttempt* const place = attempt_pool_.try_borrow(*this, dial, session, std::move(target), times);
  if (place == nullptr) {
    counters_.refused.add();
    counters_.failed.add();
    return dial.refuse(core().ready());
  }
  DialAttempt& attempt = *place;
  attempts_.push_back(attempt);
  ++attempts_live_;
  const bool is_refused = draining_ || live_ + attempts_live_ > transport_.limits().connections_max;
  if (is_refused) {
    counters_.refused.add();
    attempt.refuse(refusal(draining_, transport_.limits().connections_max));
  } else {
    attempt.begin();
  }
}

Connection* Dialer::try_make_connection(int fd) {
  Connection* const connection = pool_.try_borrow(*this, transport_, ring::FileRef{fd, ring::FileRef::Kind::descriptor}, trial_);
  if (connection == nullptr) counters_.refused.add();
  return connection;
}

void Dialer::on_connected(Dial& dial, Session& session, Connection& connection, base::Duration took) {
  counters_.connected.add();
  counters_.dialed_ns.record(static_cast<std::uint64_t>(took.count()));
  transport_.counters().accepted.add();
  ++live_;
  connections_.push_back(connection);
  // The handler may end the connection: it stays valid until it has returned.
  connection.hold();
  connection.start(session);
  dial.handler_(dial.owner_, &connection);
  connection.unhold();
}

void Dialer::drain() {
  draining_ = true;
  for (DialAttempt& attempt : attempts_) attempt.refuse(refusal(true, 0));
}

void Dialer::abort() {
  drain();
  for (auto next = connections_.begin(); next != connections_.end();) (next++)->abort();
}

void Dialer::release(DialAttempt& attempt) noexcept {
  attempts_.erase(attempts_.iterator_to(attempt));
  --attempts_live_;
  attempt_pool_.give_back(attempt);
}

void Dialer::release(Connection& connection) noexcept {
  connections_.erase(connections_.iterator_to(connection));
  --live_;
  pool_.give_back(connection);
}

}  // namespace corering::net
