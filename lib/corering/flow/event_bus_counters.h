// What an EventBus counts, per core.
#pragma once

#include <string>

#include "corering/metrics/counter.h"
#include "corering/metrics/registry.h"

namespace corering::flow {

struct EventBusCounters {
  metrics::Counter published;   // taken into the own core's queue
  metrics::Counter refused;     // not taken: that queue was full, or another core's mailbox
  metrics::Counter posted;      // sent to other cores, once for each
  metrics::Counter received;    // from other cores
  metrics::Counter dropped;     // among the received: the queue here was full
  metrics::Counter dispatched;  // taken out of the queue and shown to the handlers
  metrics::Counter unhandled;   // among those: nobody had subscribed to its type
  metrics::Counter deliveries;  // calls of handlers
  metrics::Counter batches;
  metrics::Gauge queued_max;  // the fullest that the queue has been
};

// As NAME_published, NAME_refused and so on.
void register_counters(metrics::Registry& registry, const std::string& name, const EventBusCounters& counters);

}  // namespace corering::flow
