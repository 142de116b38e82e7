#include "corering/flow/event_bus_counters.h"

#include "corering/metrics/group.h"

namespace corering::flow {

void register_counters(metrics::Registry& registry, const std::string& name, const EventBusCounters& counters) {
  metrics::Group group(registry, name);
  group.add("published", counters.published, "Events taken into the queue");
  group.add("refused", counters.refused, "Events refused because a queue or a mailbox was full");
  group.add("posted", counters.posted, "Events sent to other cores");
  group.add("received", counters.received, "Events from other cores");
  group.add("dropped", counters.dropped, "Events from other cores that found the queue full");
  group.add("dispatched", counters.dispatched, "Events shown to handlers");
  group.add("unhandled", counters.unhandled, "Events of a type that nobody had subscribed to");
  group.add("deliveries", counters.deliveries, "Calls of handlers");
  group.add("batches", counters.batches, "Batches of events");
  group.add("queued_max", counters.queued_max, "The most events that were ever queued");
}

}  // namespace corering::flow
