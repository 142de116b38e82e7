#include "corering/flow/event_bus_counters.h"

namespace corering::flow {

void register_counters(metrics::Registry& registry, const std::string& name, const EventBusCounters& counters) {
  registry.add(name + "_published", counters.published);
  registry.add(name + "_refused", counters.refused);
  registry.add(name + "_posted", counters.posted);
  registry.add(name + "_received", counters.received);
  registry.add(name + "_dropped", counters.dropped);
  registry.add(name + "_dispatched", counters.dispatched);
  registry.add(name + "_unhandled", counters.unhandled);
  registry.add(name + "_deliveries", counters.deliveries);
  registry.add(name + "_batches", counters.batches);
  registry.add(name + "_queued_max", counters.queued_max);
}

}  // namespace corering::flow
