#include "corering/net/dialer_counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const DialerCounters& counters) {
  registry.add("dialer_dials", counters.dials, "Connections asked for");
  registry.add("dialer_connected", counters.connected, "Dials that ended with a connection");
  registry.add("dialer_failed", counters.failed, "Dials that no address answered");
  registry.add("dialer_timed_out", counters.timed_out, "Dials that ended at their time-out");
  registry.add("dialer_refused", counters.refused, "Dials refused because too many were under way");
  registry.add("dialer_forgotten", counters.forgotten, "Dials whose asker has gone");
  registry.add("dialer_look_ups", counters.look_ups, "Names looked up");
  registry.add("dialer_look_up_failures", counters.look_up_failures, "Names that could not be looked up");
  registry.add("dialer_addresses_tried", counters.addresses_tried, "Addresses tried");
  registry.add("dialer_dial_ns", counters.dialed_ns, "Time from a dial to its connection, the look-up included");
}

}  // namespace corering::net
