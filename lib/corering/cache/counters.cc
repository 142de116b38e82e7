#include "corering/cache/counters.h"

namespace corering::cache {

void register_counters(metrics::Registry& registry, const CacheCounters& counters) {
  registry.add("cache_gets", counters.gets);
  registry.add("cache_l1_hits", counters.l1_hits);
  registry.add("cache_l2_hits", counters.l2_hits);
  registry.add("cache_l3_hits", counters.l3_hits);
  registry.add("cache_misses", counters.misses);
  registry.add("cache_promotions", counters.promotions);
  registry.add("cache_promoted_bytes", counters.promoted_bytes);
  registry.add("cache_promotions_capped", counters.promotions_capped);
  registry.add("cache_fetches", counters.fetches);
  registry.add("cache_fetches_refused", counters.fetches_refused);
  registry.add("cache_fetch_errors", counters.fetch_errors);
  registry.add("cache_fetched_others", counters.fetched_others);
  registry.add("cache_written_back", counters.written_back);
  registry.add("cache_written_back_bytes", counters.written_back_bytes);
  registry.add("cache_stop_lost", counters.stop_lost);
  registry.add("cache_puts", counters.puts);
  registry.add("cache_in_place", counters.in_place);
  registry.add("cache_conditions_failed", counters.conditions_failed);
  registry.add("cache_removes", counters.removes);
  registry.add("cache_clears", counters.clears);
  registry.add("cache_expired", counters.expired);
  registry.add("cache_no_memory", counters.no_memory);
  registry.add("cache_too_large", counters.too_large);
  registry.add("cache_l1_evicted", counters.l1_evicted);
  registry.add("cache_l1_evicted_bytes", counters.l1_evicted_bytes);
  registry.add("cache_l1_demoted", counters.l1_demoted);
  registry.add("cache_l1_demoted_bytes", counters.l1_demoted_bytes);
  registry.add("cache_log_too_large", counters.log_too_large);
  registry.add("cache_l1_ghost_hits", counters.l1_ghost_hits);
  registry.add("cache_l1_evicted_segments", counters.l1_evicted_segments);
  registry.add("cache_l1_compacted_segments", counters.l1_compacted_segments);
  registry.add("cache_l1_moved_bytes", counters.l1_moved_bytes);
  registry.add("cache_l1_waits", counters.l1_waits);
  registry.add("cache_l1_items", counters.l1_items);
  registry.add("cache_l1_live_bytes", counters.l1_live_bytes);
  registry.add("cache_l1_bytes", counters.l1_bytes);
  registry.add("cache_l1_large_bytes", counters.l1_large_bytes);
  registry.add("cache_l1_own_bytes", counters.l1_own_bytes);
  registry.add("cache_index_bytes", counters.index_bytes);
  registry.add("cache_items", counters.items);
  registry.add("cache_dirty_items", counters.dirty_items);
}

}  // namespace corering::cache
