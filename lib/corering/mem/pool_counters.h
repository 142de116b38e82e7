// PoolCounters: what a pool of objects or frames did, for the metrics.
//
// Thread: written by the owning core, read by any. Lifetime: as long as the registry that knows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "corering/metrics/counter.h"
#include "corering/metrics/registry.h"

namespace corering::mem {

struct PoolCounters {
  metrics::Counter borrows;  // all that were granted
  metrics::Counter misses;   // those among them that took memory from the heap
  metrics::Counter refused;  // beyond the maximum, or without memory
  metrics::Counter returns;  // all that were given back
  metrics::Counter dropped;  // those among them whose place went to the heap: the pool keeps no more
  metrics::Gauge live_max;   // the most that were ever out at once

  // The others. Not counters of their own, because a borrow and a return are counted on every path.
  std::uint64_t hits() const noexcept { return borrows.value() - misses.value(); }
  std::uint64_t returned() const noexcept { return returns.value() - dropped.value(); }

  // Of the borrows that were granted, the part that did not reach the heap: 0 to 1; 1 if there were none.
  double hit_rate() const noexcept;

  // pool_<name>_borrows, pool_<name>_misses, ...
  void register_metrics(metrics::Registry& registry, std::string_view name) const;
};

}  // namespace corering::mem
