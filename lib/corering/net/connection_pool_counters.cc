#include "corering/net/connection_pool_counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const std::string& name, const ConnectionPoolCounters& counters) {
  registry.add(name + "_borrowed", counters.borrowed);
  registry.add(name + "_reused", counters.reused);
  registry.add(name + "_failed", counters.failed);
  registry.add(name + "_timed_out", counters.timed_out);
  registry.add(name + "_refused", counters.refused);
  registry.add(name + "_dialed", counters.dialed);
  registry.add(name + "_dial_failures", counters.dial_failures);
  registry.add(name + "_closed_idle", counters.closed_idle);
  registry.add(name + "_unasked_bytes", counters.unasked_bytes);
  registry.add(name + "_retired_old", counters.retired_old);
  registry.add(name + "_retired_idle", counters.retired_idle);
  registry.add(name + "_retired_broken", counters.retired_broken);
  registry.add(name + "_probes", counters.probes);
  registry.add(name + "_probe_failures", counters.probe_failures);
  registry.add(name + "_connections", counters.connections);
  registry.add(name + "_idle", counters.idle);
  registry.add(name + "_waiting", counters.waiting);
}

}  // namespace corering::net
