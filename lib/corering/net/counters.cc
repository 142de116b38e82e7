#include "corering/net/counters.h"

namespace corering::net {

void register_counters(metrics::Registry& registry, const Counters& counters, const std::string& prefix) {
  registry.add(prefix + "accepted", counters.accepted, "Connections accepted");
  registry.add(prefix + "closed", counters.closed, "Connections closed");
  registry.add(prefix + "refused", counters.refused, "Connections accepted beyond the limit or while draining, and closed at once");
  registry.add(prefix + "accept_failures", counters.accept_failures, "Accepts that failed, for want of descriptors or memory");
  registry.add(prefix + "accept_pauses", counters.accept_pauses, "Times that accepting paused at the connection limit");
  registry.add(prefix + "received_bytes", counters.received_bytes, "Bytes received from peers");
  registry.add(prefix + "sent_bytes", counters.sent_bytes, "Bytes sent to peers");
  registry.add(prefix + "copied_bytes", counters.copied_bytes, "Bytes copied in user space");
  registry.add(prefix + "landed_bytes", counters.landed_bytes, "Bytes received directly into memory of the session");
  registry.add(prefix + "discarded_bytes", counters.discarded_bytes, "Bytes received after the session had finished");
  registry.add(prefix + "receives", counters.receives, "Receives that brought data");
  registry.add(prefix + "sends", counters.sends, "Sends completed");
  registry.add(prefix + "short_sends", counters.short_sends, "Sends of which the kernel took only a part");
  registry.add(prefix + "zero_copy_sends", counters.zero_copy_sends, "Sends without a copy");
  registry.add(prefix + "zero_copy_fixed_sends", counters.zero_copy_fixed_sends, "Sends without a copy out of registered memory");
  registry.add(prefix + "zero_copy_bytes", counters.zero_copy_bytes, "Bytes sent without a copy");
  registry.add(prefix + "zero_copy_copied_sends", counters.zero_copy_copied_sends,
               "Sends without a copy that the kernel copied after all");
  registry.add(prefix + "starved", counters.starved, "Receives that found no chunk");
  registry.add(prefix + "reserve_receives", counters.reserve_receives, "Receives into chunks of the reserve");
  registry.add(prefix + "input_overflows", counters.input_overflows,
               "Connections aborted because their session consumed nothing of a full input");
  registry.add(prefix + "write_waits", counters.write_waits, "Writes that found too few chunks");
  registry.add(prefix + "lent_bytes", counters.lent_bytes, "Bytes that sessions lent to be sent from where they lie");
  registry.add(prefix + "lending_refused", counters.lending_refused, "Lendings refused because too many were out");
  registry.add(prefix + "throttled", counters.throttled, "Receives stopped because the peer reads slowly or the session lags");
  registry.add(prefix + "timed_out", counters.timed_out, "Connections closed because they were idle");
  registry.add(prefix + "peer_failures", counters.peer_failures, "Connections that the peer reset, and their like");
  registry.add(prefix + "aborted", counters.aborted, "Connections aborted by us");
}

}  // namespace corering::net
