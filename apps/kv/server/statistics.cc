#include "kv/server/statistics.h"

namespace kv {

void Statistics::register_metrics(corering::metrics::Registry& registry) {
  registry.add("kv_connections", connections);
  registry.add("kv_commands", commands);
  registry.add("kv_hits", hits);
  registry.add("kv_misses", misses);
  registry.add("kv_protocol_errors", protocol_errors);
  registry.add("kv_intruders", intruders);
  registry.add("kv_rejected_calls", rejected_calls);
  registry.add("kv_output_overflows", output_overflows);
  registry.add("kv_spilled_bytes", spilled_bytes);
  registry.add("kv_copied_bytes", copied_bytes);
  registry.add("kv_calls_sent", calls_sent);
  registry.add("kv_calls_received", calls_received);
  registry.add("kv_borrowings", borrowings);
  registry.add("kv_waits_for_keys", waits_for_keys);
  registry.add("kv_cold_waits", cold_waits);
  registry.add("kv_published", published);
  registry.add("kv_delivered", delivered);
}

}  // namespace kv
