#include "corering/net/counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const Counters& counters) {
  registry.add("accepted", counters.accepted);
  registry.add("closed", counters.closed);
  registry.add("refused", counters.refused);
  registry.add("accept_failures", counters.accept_failures);
  registry.add("accept_pauses", counters.accept_pauses);
  registry.add("received_bytes", counters.received_bytes);
  registry.add("sent_bytes", counters.sent_bytes);
  registry.add("copied_bytes", counters.copied_bytes);
  registry.add("landed_bytes", counters.landed_bytes);
  registry.add("discarded_bytes", counters.discarded_bytes);
  registry.add("receives", counters.receives);
  registry.add("sends", counters.sends);
  registry.add("short_sends", counters.short_sends);
  registry.add("zero_copy_sends", counters.zero_copy_sends);
  registry.add("zero_copy_fixed_sends", counters.zero_copy_fixed_sends);
  registry.add("zero_copy_bytes", counters.zero_copy_bytes);
  registry.add("zero_copy_copied_sends", counters.zero_copy_copied_sends);
  registry.add("starved", counters.starved);
  registry.add("reserve_receives", counters.reserve_receives);
  registry.add("input_overflows", counters.input_overflows);
  registry.add("write_waits", counters.write_waits);
  registry.add("lent_bytes", counters.lent_bytes);
  registry.add("lending_refused", counters.lending_refused);
  registry.add("throttled", counters.throttled);
  registry.add("timed_out", counters.timed_out);
  registry.add("peer_failures", counters.peer_failures);
  registry.add("aborted", counters.aborted);
}

}  // namespace corering::net
