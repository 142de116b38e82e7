// What a BatchStream counts, per core.
#pragma once

#include <string>

#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"
#include "corering/metrics/registry.h"

namespace corering::flow {

struct BatchStreamCounters {
  metrics::Counter pushed;         // items taken in
  metrics::Counter refused;        // items not taken in: no room, or the stream was finished
  metrics::Counter push_waits;     // coroutines that waited for room
  metrics::Counter delivered;      // items that the consumer was given
  metrics::Counter full_batches;   // delivered because they were full
  metrics::Counter timed_batches;  // delivered because their first item had waited long enough
  metrics::Counter last_batches;   // delivered because the stream was flushed or finished
  metrics::Histogram batch_items;  // how many items the delivered batches had
};

// As NAME_pushed, NAME_refused and so on.
void register_counters(metrics::Registry& registry, const std::string& name, const BatchStreamCounters& counters);

}  // namespace corering::flow
