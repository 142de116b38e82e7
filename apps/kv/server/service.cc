#include "kv/server/service.h"

#include "kv/session/sessions.h"

namespace kv {

KvService::KvService(corering::runtime::Core& core, Node& node, const Configuration& configuration,
                     std::unique_ptr<Keyspace> keyspace, const Listeners& listeners, const corering::net::Limits& limits,
                     std::unique_ptr<HomeDevice> device)
    : server_(core, node, configuration, std::move(keyspace), std::move(device)),
      resp_(core, listeners.resp, limits, std::make_unique<RespSessions>(server_, limits.connections_max)),
      memcached_(core, listeners.memcached, limits, std::make_unique<MemcachedSessions>(server_, limits.connections_max)) {}

void KvService::start() {
  server_.start();
  resp_.start();
  memcached_.start();
}

void KvService::drain() {
  resp_.drain();
  memcached_.drain();
  server_.drain();
}

void KvService::abort() {
  resp_.abort();
  memcached_.abort();
  server_.abort();
}

bool KvService::is_idle() const { return resp_.is_idle() && memcached_.is_idle() && server_.is_idle(); }

void KvService::end() {
  resp_.end();
  memcached_.end();
}

}  // namespace kv
