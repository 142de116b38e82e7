#include "corering/net/server.h"

#include "corering/base/tracepoint.h"

#include <algorithm>

namespace corering::net {

Server::Server(runtime::Core& core, const std::vector<int>& listeners, const Limits& limits,
               std::unique_ptr<SessionFactory> sessions)
    : transport_(core, limits),
      sessions_(std::move(sessions)),
      pool_({.live_max = limits.connections_max, .room = mem::Room::net}) {
  pool_.counters().register_metrics(core.registry(), "connections");
  for (const int fd : listeners) listeners_.push_back(std::make_unique<Listener>(*this, transport_, fd));
}

Server::~Server() { CORERING_ASSERT(connections_live_ == 0, "a server is destroyed while it has connections"); }

void Server::start() {
  for (auto& listener : listeners_) listener->arm();
}

void Server::drain() {
  for (auto& listener : listeners_) listener->stop();
  for (auto next = connections_.begin(); next != connections_.end();) (next++)->drain();
}

void Server::abort() {
  for (auto& listener : listeners_) listener->stop();
  for (auto next = connections_.begin(); next != connections_.end();) (next++)->abort();
}

bool Server::is_idle() const {
  return connections_live_ == 0 && std::ranges::all_of(listeners_, [](const auto& listener) { return listener->is_quiet(); });
}

bool Server::try_open(ring::FileRef socket, ZeroCopyTrial& listener_trial) {
  Connection* connection = pool_.try_borrow(*this, transport_, socket, listener_trial);
  if (connection == nullptr) return false;
  transport_.counters().accepted.add();
  CORERING_TRACE(accept, transport_.core().id().value, connection);
  ++connections_live_;
  connections_.push_back(*connection);
  connection->start(sessions_->open(*connection));
  return true;
}

void Server::release(Connection& connection) noexcept {
  sessions_->close(connection.session());
  connections_.erase(connections_.iterator_to(connection));
  --connections_live_;
  pool_.give_back(connection);
  for (auto& listener : listeners_) listener->arm();
}

}  // namespace corering::net
