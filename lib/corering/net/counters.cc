#include "corering/net/counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const Counters& counters) {
  registry.add("accepted", counters.accepted, "Connections accepted");
  registry.add("closed", counters.closed, "Connections closed");
  registry.add("refused", counters.refused, "Connections accepted beyond the limit or while draining, and closed at once");
  registry.add("accept_failures", counters.accept_failures, "Accepts that failed, for want of descriptors or memory");
  registry.add("accept_pauses", counters.accept_pauses, "Times that accepting paused at the connection limit");
  registry.add("received_bytes", counters.received_bytes, "Bytes received from peers");
  registry.add("sent_bytes", counters.sent_bytes, "Bytes sent to peers");
  registry.add("copied_bytes", counters.copied_bytes, "Bytes copied in user space");
  registry.add("landed_bytes", counters.landed_bytes, "Bytes received directly into memory of the session");
  registry.add("discarded_bytes", counters.discarded_bytes, "Bytes received after the session had finished");
  registry.add("receives", counters.receives, "Receives that brought data");
  registry.add("sends", counters.sends, "Sends completed");
  registry.add("short_sends", counters.short_sends, "Sends of which the kernel took only a part");
  registry.add("zero_copy_sends", counters.zero_copy_sends, "Sends without a copy");
  registry.add("zero_copy_fixed_sends", counters.zero_copy_fixed_sends, "Sends without a copy out of registered memory");
  registry.add("zero_copy_bytes", counters.zero_copy_bytes, "Bytes sent without a copy");
  registry.add("zero_copy_copied_sends", counters.zero_copy_copied_sends, "Sends without a copy that the kernel copied after all");
  registry.add("starved", counters.starved, "Receives that found no chunk");
  registry.add("reserve_receives", counters.reserve_receives, "Receives into chunks of the reserve");
  registry.add("input_overflows", counters.input_overflows,
               "Connections aborted because their session consumed nothing of a full input");
  registry.add("write_waits", counters.write_waits, "Writes that found too few chunks");
  registry.add("throttled", counters.throttled, "Receives stopped because the peer reads slowly or the session lags");
  registry.add("timed_out", counters.timed_out, "Connections closed because they were idle");
  registry.add("peer_failures", counters.peer_failures, "Connections that the peer reset, and their like");
  registry.add("aborted", counters.aborted, "Connections aborted by us");
}

}  // namespace corering::net
