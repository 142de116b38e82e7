#include "corering/net/counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const Counters& counters, const std::string& prefix) {
  registry.add(prefix + "accepted", counters.accepted);
  registry.add(prefix + "closed", counters.closed);
  registry.add(prefix + "refused", counters.refused);
  registry.add(prefix + "accept_failures", counters.accept_failures);
  registry.add(prefix + "accept_pauses", counters.accept_pauses);
  registry.add(prefix + "received_bytes", counters.received_bytes);
  registry.add(prefix + "sent_bytes", counters.sent_bytes);
  registry.add(prefix + "copied_bytes", counters.copied_bytes);
  registry.add(prefix + "landed_bytes", counters.landed_bytes);
  registry.add(prefix + "discarded_bytes", counters.discarded_bytes);
  registry.add(prefix + "receives", counters.receives);
  registry.add(prefix + "sends", counters.sends);
  registry.add(prefix + "short_sends", counters.short_sends);
  registry.add(prefix + "zero_copy_sends", counters.zero_copy_sends);
  registry.add(prefix + "zero_copy_fixed_sends", counters.zero_copy_fixed_sends);
  registry.add(prefix + "zero_copy_bytes", counters.zero_copy_bytes);
  registry.add(prefix + "zero_copy_copied_sends", counters.zero_copy_copied_sends);
  registry.add(prefix + "starved", counters.starved);
  registry.add(prefix + "reserve_receives", counters.reserve_receives);
  registry.add(prefix + "input_overflows", counters.input_overflows);
  registry.add(prefix + "write_waits", counters.write_waits);
  registry.add(prefix + "lent_bytes", counters.lent_bytes);
  registry.add(prefix + "lending_refused", counters.lending_refused);
  registry.add(prefix + "throttled", counters.throttled);
  registry.add(prefix + "timed_out", counters.timed_out);
  registry.add(prefix + "peer_failures", counters.peer_failures);
  registry.add(prefix + "aborted", counters.aborted);
}

}  // namespace corering::net
