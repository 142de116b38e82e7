// What a Dialer counts, per core; its connections' own counters are registered as client_*.
#pragma once

#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"
#include "corering/metrics/registry.h"

namespace corering::net {

struct DialerCounters {
  metrics::Counter dials;
  metrics::Counter connected;
  metrics::Counter failed;     // no address answered in time, or there was none
  metrics::Counter timed_out;  // among the failed: the time was up
  metrics::Counter refused;    // at the connection limit, while draining, or without memory
  metrics::Counter forgotten;  // nobody waited for the result any more
  metrics::Counter look_ups;   // of names
  metrics::Counter look_up_failures;
  metrics::Counter addresses_tried;
  metrics::Histogram dialed_ns;  // from the wish to the connection, of those that came about
};

// As dialer_dials, dialer_connected and so on.
void register_counters(metrics::Registry& registry, const DialerCounters& counters);

}  // namespace corering::net
