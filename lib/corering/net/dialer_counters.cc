#include "corering/net/dialer_counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const DialerCounters& counters) {
  registry.add("dialer_dials", counters.dials);
  registry.add("dialer_connected", counters.connected);
  registry.add("dialer_failed", counters.failed);
  registry.add("dialer_timed_out", counters.timed_out);
  registry.add("dialer_refused", counters.refused);
  registry.add("dialer_forgotten", counters.forgotten);
  registry.add("dialer_look_ups", counters.look_ups);
  registry.add("dialer_look_up_failures", counters.look_up_failures);
  registry.add("dialer_addresses_tried", counters.addresses_tried);
}

}  // namespace corering::net
