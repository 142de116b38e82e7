// Server: one core's share of a network server: its listeners, its connections and their sessions.
//
//   runtime::ServiceFactory factory = [&](runtime::Core& core) {
//     return net::Server::open(core, endpoint.take(core.id()), limits, std::make_unique<net::SharedSession<EchoSession>>());
//   };
//
// Thread: owning core only (made before it runs). Lifetime: made by a ServiceFactory; idle before it is destroyed.
#pragma once

#include <memory>
#include <vector>

#include "corering/base/intrusive.h"
#include "corering/mem/object_pool.h"
#include "corering/net/connection.h"
#include "corering/net/limits.h"
#include "corering/net/listener.h"
#include "corering/net/session.h"
#include "corering/net/transport.h"
#include "corering/runtime/service.h"

namespace corering::net {

class Server final : public runtime::Service, public ConnectionOwner {
 public:
  // Takes ownership of the listening descriptors.
  Server(runtime::Core& core, const std::vector<int>& listeners, const Limits& limits, std::unique_ptr<SessionFactory> sessions);
  ~Server() override;

  void start() override;
  void drain() override;
  void abort() override;
  bool is_idle() const override;
  void end() override { transport_.abandon_zero_copy_sends(); }

  // Connections that may still be opened.
  std::size_t room() const noexcept { return transport_.limits().connections_max - connections_live_; }

  std::size_t listener_count() const noexcept { return listeners_.size(); }

  // For the listeners: makes a connection of an accepted socket; false if there is no room, or no memory for it or its session.
  bool try_open(ring::FileRef socket, ZeroCopyTrial& listener_trial);

  // For a connection that has closed: destroys it.
  void release(Connection& connection) noexcept override;

 private:
  Transport transport_;
  std::unique_ptr<SessionFactory> sessions_;
  mem::ObjectPool<Connection> pool_;
  base::List<Connection, ConnectionTag> connections_;
  std::size_t connections_live_ = 0;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace corering::net
