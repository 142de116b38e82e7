#include "corering/net/connection_pool_counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const std::string& name, const ConnectionPoolCounters& counters) {
  registry.add(name + "_borrowed", counters.borrowed, "Connections borrowed");
  registry.add(name + "_reused", counters.reused, "Borrowed connections that had served before");
  registry.add(name + "_failed", counters.failed, "Borrows that failed with their dial");
  registry.add(name + "_timed_out", counters.timed_out, "Borrows that waited in vain");
  registry.add(name + "_refused", counters.refused, "Borrows refused because too many waited");
  registry.add(name + "_cancelled", counters.cancelled, "Borrows whose task was cancelled");
  registry.add(name + "_dialed", counters.dialed, "Connections dialed");
  registry.add(name + "_dial_failures", counters.dial_failures, "Dials that failed");
  registry.add(name + "_closed_idle", counters.closed_idle, "Idle connections that the peer closed");
  registry.add(name + "_unasked_bytes", counters.unasked_bytes, "Idle connections on which the peer spoke unasked");
  registry.add(name + "_retired_old", counters.retired_old, "Connections retired for their age");
  registry.add(name + "_retired_idle", counters.retired_idle, "Connections retired because they were idle");
  registry.add(name + "_retired_broken", counters.retired_broken, "Connections given back broken");
  registry.add(name + "_probes", counters.probes, "Idle connections probed");
  registry.add(name + "_probe_failures", counters.probe_failures, "Probes that failed");
  registry.add(name + "_connections", counters.connections, "Connections open");
  registry.add(name + "_idle", counters.idle, "Connections that wait to be borrowed");
  registry.add(name + "_waiting", counters.waiting, "Borrowers that wait");
}

}  // namespace corering::net
