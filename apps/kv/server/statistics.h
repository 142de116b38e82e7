// Statistics: what a core counts of the commands and clients that it serves. Shown by INFO and by the metrics.
//
// Thread: counters as metrics::Counter: added to by the owning core, read by any.
#pragma once

#include <cstdint>

#include "corering/metrics/counter.h"
#include "corering/metrics/registry.h"
#include "kv/server/command_statistics.h"
#include "kv/server/latency_log.h"
#include "kv/server/rate_meter.h"

namespace kv {

struct Statistics {
  using Counter = corering::metrics::Counter;

  Counter connections;  // accepted
  Counter commands;     // executed
  Counter hits;         // of keys that were looked up by commands that read
  Counter misses;
  Counter protocol_errors;   // connections closed for one
  Counter intruders;         // HTTP, and the like
  Counter rejected_calls;    // commands refused before they ran: unknown, arity, no authentication, no memory
  Counter output_overflows;  // connections closed because they did not take their replies
  Counter spilled_bytes;     // replies that found no chunk and waited in memory of their own
  Counter copied_bytes;      // large values that were copied, because too many were lent
  Counter calls_sent;        // to other cores
  Counter calls_received;
  Counter borrowings;      // of keyspaces of other cores
  Counter waits_for_keys;  // commands that waited because their core's keyspace was lent
  Counter cold_waits;      // commands that waited for the file
  Counter published;       // messages
  Counter delivered;       // to subscribers

  // Where INFO counts from: what the counters were at the last CONFIG RESETSTAT. They themselves only grow, as metrics must.
  struct Origin {
    using Gauge = corering::metrics::Gauge;
    Gauge connections;
    Gauge commands;
    Gauge hits;  // these and the following are the cache's
    Gauge misses;
    Gauge expired;
    Gauge evicted;

    void add(const Origin& other) noexcept {
      for (const auto member :
           {&Origin::connections, &Origin::commands, &Origin::hits, &Origin::misses, &Origin::expired, &Origin::evicted}) {
        (this->*member).set((this->*member).value() + (other.*member).value());
      }
    }
  };
  Origin origin;

  // By command, and what took long. Not counters: read as a guest of the core only.
  CommandStatistics by_command;
  LatencyLog latencies;
  RateMeter command_rate;

  void register_metrics(corering::metrics::Registry& registry);
};

}  // namespace kv
