// What a scheduler counts.
//
// On each core: spawned = run + expired + cancelled + live. All of a task's numbers are counted on the core that spawned it, in
// whatever place it ran; steals and busy time on the core that did them.
// Thread: as metrics::Counter.
#pragma once

#include <array>

#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"
#include "corering/metrics/registry.h"
#include "corering/sched/priority.h"

namespace corering::sched {

struct Counters {
  struct OfPriority {
    metrics::Counter run;      // tasks that have run
    metrics::Counter wait_ns;  // theirs, from spawn to start, to a turn's precision
    metrics::Counter busy_ns;  // spent in work of this priority, other ready work included

    // How the two are distributed. Waiting: of one task in kWaitsPerSample. Running: of every run of ready work, from one wait to the
    // next; short runs share a reading of the clock, and each is given its part.
    metrics::Histogram waited_ns;
    metrics::Histogram ran_ns;

    static constexpr std::uint64_t kWaitsPerSample = 16;
  };

  metrics::Counter spawned;
  metrics::Counter expired;         // their deadline passed before they began
  metrics::Counter cancelled;       // before they began
  metrics::Counter timed_out;       // given up by with_timeout
  metrics::Counter stolen;          // pieces taken from other cores
  metrics::Counter steal_attempts;  // rounds through all other cores
  metrics::Counter wakes;           // of other cores, for work to steal or results
  metrics::Counter deque_refusals;  // pushes that found a full deque; the work ran on its own core
  metrics::Gauge live;
  metrics::Gauge frames_lent;
  metrics::Gauge frames_from_heap;
  metrics::Gauge frames_dropped;  // given back to the heap because the pool was full
  metrics::Gauge frames_kept_bytes;
  std::array<OfPriority, kPriorities> of;

  // Sums, not counters of their own, because every task is counted.
  std::uint64_t run() const noexcept {
    std::uint64_t count = 0;
    for (const OfPriority& each : of) count += each.run.value();
    return count;
  }
  std::uint64_t ended() const noexcept { return run() + expired.value() + cancelled.value(); }
};

void register_counters(metrics::Registry& registry, const Counters& counters);

}  // namespace corering::sched
