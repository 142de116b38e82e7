#include "corering/flow/batch_stream_counters.h"

#include "corering/metrics/group.h"

namespace corering::flow {

void register_counters(metrics::Registry& registry, const std::string& name, const BatchStreamCounters& counters) {
  metrics::Group group(registry, name);
  group.add("pushed", counters.pushed, "Items taken into the stream");
  group.add("refused", counters.refused, "Items refused for want of room, or because the stream or their task had ended");
  group.add("push_waits", counters.push_waits, "Coroutines that waited for room");
  group.add("delivered", counters.delivered, "Items delivered to the consumer");
  group.add("full_batches", counters.full_batches, "Batches delivered because they were full");
  group.add("timed_batches", counters.timed_batches, "Batches delivered because their first item had waited long enough");
  group.add("last_batches", counters.last_batches, "Batches delivered because the stream was flushed or finished");
  group.add("batch_items", counters.batch_items, "Items per batch");
}

}  // namespace corering::flow
