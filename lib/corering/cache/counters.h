// What a cache counts, per core. Hits and misses per tier add up: gets = l1_hits + l2_hits + l3_hits + misses.
#pragma once

#include "corering/metrics/counter.h"
#include "corering/metrics/registry.h"

namespace corering::cache {

struct CacheCounters {
  metrics::Counter gets;  // keys looked up by get, get_batch and fetch (a fetch continues its get)
  metrics::Counter l1_hits;
  metrics::Counter l2_hits;
  metrics::Counter l3_hits;
  metrics::Counter misses;
  metrics::Counter promotions;  // from the log into L1, at the second hit
  metrics::Counter promoted_bytes;
  metrics::Counter promotions_capped;  // second hits beyond the rate
  metrics::Counter fetches;            // of cold items
  metrics::Counter fetches_refused;
  metrics::Counter fetch_errors;    // records that the disk did not give back as they were
  metrics::Counter fetched_others;  // records of other keys with the same tag
  metrics::Counter written_back;    // dirty items, to the file
  metrics::Counter written_back_bytes;
  metrics::Counter stop_lost;          // items whose place in the file others took during a stop
  metrics::Counter puts;               // stored: put, write, modify, touch, commit
  metrics::Counter in_place;           // of those, where the item lay
  metrics::Counter conditions_failed;  // not stored, because it was there, was not there or had another version
  metrics::Counter removes;            // of what was there
  metrics::Counter clears;
  metrics::Counter expired;     // found expired by a lookup, a sweep or an eviction
  metrics::Counter no_memory;   // not stored: everything is pinned, or the machine refuses memory
  metrics::Counter too_large;   // not stored: key or value beyond the limits
  metrics::Counter l1_evicted;  // items that left the cache
  metrics::Counter l1_evicted_bytes;
  metrics::Counter l1_demoted;  // items that went on to the log
  metrics::Counter l1_demoted_bytes;
  metrics::Counter log_too_large;  // records that no segment of the log holds: times they were to be demoted or written back
  metrics::Counter l1_ghost_hits;  // stored again shortly after they left
  metrics::Counter l1_evicted_segments;
  metrics::Counter l1_compacted_segments;
  metrics::Counter l1_moved_bytes;  // copied within L1, to survive
  metrics::Counter l1_waits;        // appends that had to make room themselves
  metrics::Gauge l1_items;
  metrics::Gauge l1_live_bytes;   // records, without holes
  metrics::Gauge l1_bytes;        // segments in use and large values
  metrics::Gauge l1_large_bytes;  // of those, large values: they are never in the log
  metrics::Gauge l1_own_bytes;    // slabs outside the memory that the cache was lent
  metrics::Gauge index_bytes;
  metrics::Gauge items;  // in all tiers
  metrics::Gauge dirty_items;
};

// Names: "cache_" and the member's.
void register_counters(metrics::Registry& registry, const CacheCounters& counters);

}  // namespace corering::cache
