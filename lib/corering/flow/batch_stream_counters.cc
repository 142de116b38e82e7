#include "corering/flow/batch_stream_counters.h"

namespace corering::flow {

void register_counters(metrics::Registry& registry, const std::string& name, const BatchStreamCounters& counters) {
  registry.add(name + "_pushed", counters.pushed);
  registry.add(name + "_refused", counters.refused);
  registry.add(name + "_push_waits", counters.push_waits);
  registry.add(name + "_delivered", counters.delivered);
  registry.add(name + "_full_batches", counters.full_batches);
  registry.add(name + "_timed_batches", counters.timed_batches);
  registry.add(name + "_last_batches", counters.last_batches);
}

}  // namespace corering::flow
