#include "corering/net/connection_pool_counters.h"

#include "corering/metrics/group.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const std::string& name, const ConnectionPoolCounters& counters) {
  metrics::Group group(registry, name);
  group.add("borrowed", counters.borrowed, "Connections borrowed");
  group.add("reused", counters.reused, "Borrowed connections that had served before");
  group.add("failed", counters.failed, "Borrows that failed with their dial");
  group.add("timed_out", counters.timed_out, "Borrows that waited in vain");
  group.add("refused", counters.refused, "Borrows refused because too many waited");
  group.add("cancelled", counters.cancelled, "Borrows whose task was cancelled");
  group.add("dialed", counters.dialed, "Connections dialed");
  group.add("dial_failures", counters.dial_failures, "Dials that failed");
  group.add("closed_idle", counters.closed_idle, "Idle connections that the peer closed");
  group.add("unasked_bytes", counters.unasked_bytes, "Idle connections on which the peer spoke unasked");
  group.add("retired_old", counters.retired_old, "Connections retired for their age");
  group.add("retired_idle", counters.retired_idle, "Connections retired because they were idle");
  group.add("retired_broken", counters.retired_broken, "Connections given back broken");
  group.add("probes", counters.probes, "Idle connections probed");
  group.add("probe_failures", counters.probe_failures, "Probes that failed");
  group.add("connections", counters.connections, "Connections open");
  group.add("idle", counters.idle, "Connections that wait to be borrowed");
  group.add("waiting", counters.waiting, "Borrowers that wait");
  group.add("wait_ns", counters.waited_ns, "Time from a wish to its connection");
}

}  // namespace corering::net
