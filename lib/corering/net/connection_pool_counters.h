// What a ConnectionPool counts, per core.
#pragma once

#include <string>

#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"
#include "corering/metrics/registry.h"

namespace corering::net {

struct ConnectionPoolCounters {
  metrics::Counter borrowed;   // connections given out
  metrics::Counter reused;     // among those: that were there already
  metrics::Counter failed;     // wishes that came to nothing, for whatever reason
  metrics::Counter timed_out;  // among those: waited too long
  metrics::Counter refused;    // among those: too many waited
  metrics::Counter cancelled;  // among those: their tasks were cancelled
  metrics::Counter dialed;
  metrics::Counter dial_failures;
  metrics::Counter closed_idle;     // by the peer, or broken, while idle
  metrics::Counter unasked_bytes;   // among those: the peer said something that nobody had asked for
  metrics::Counter retired_old;     // at their max_age
  metrics::Counter retired_idle;    // after idle_timeout, or beyond idle_max
  metrics::Counter retired_broken;  // given back closed, discarded, or with bytes unread
  metrics::Counter probes;
  metrics::Counter probe_failures;
  metrics::Gauge connections;  // idle, lent, probed or closing
  metrics::Gauge idle;
  metrics::Gauge waiting;        // wishes without a connection
  metrics::Histogram waited_ns;  // from the wish to the connection
};

// As NAME_borrowed, NAME_reused and so on.
void register_counters(metrics::Registry& registry, const std::string& name, const ConnectionPoolCounters& counters);

}  // namespace corering::net
