// KvService: what a core of the key-value server runs: its Server, and a network server per protocol.
//
// Thread: its core's. Lifetime: made by a ServiceFactory.
#pragma once

#include <memory>
#include <vector>

#include "corering/net/server.h"
#include "corering/runtime/service.h"
#include "kv/server/server.h"

namespace kv {

struct Listeners {
  std::vector<int> resp;
  std::vector<int> memcached;
};

class KvService final : public corering::runtime::Service {
 public:
  // Takes ownership of the listening descriptors.
  KvService(corering::runtime::Core& core, Node& node, const Configuration& configuration, std::unique_ptr<Keyspace> keyspace,
            const Listeners& listeners, const corering::net::Limits& limits, std::unique_ptr<HomeDevice> device = nullptr);

  void start() override;
  void drain() override;
  void abort() override;
  bool is_idle() const override;
  void end() override;

  Server& server() noexcept { return server_; }

 private:
  Server server_;
  corering::net::Server resp_;
  corering::net::Server memcached_;
};

}  // namespace kv
