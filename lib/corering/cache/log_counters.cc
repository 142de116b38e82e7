#include "corering/cache/log_counters.h"

namespace corering::cache {

void register_counters(metrics::Registry& registry, const LogCounters& counters) {
  registry.add("cache_log_memory_appended_bytes", counters.memory_appended_bytes);
  registry.add("cache_log_memory_refused", counters.memory_refused);
  registry.add("cache_log_memory_cleaned_segments", counters.memory_cleaned_segments);
  registry.add("cache_log_memory_to_file_records", counters.memory_to_file_records);
  registry.add("cache_log_memory_dropped_records", counters.memory_dropped_records);
  registry.add("cache_log_file_appended_bytes", counters.file_appended_bytes);
  registry.add("cache_log_file_refused", counters.file_refused);
  registry.add("cache_log_file_written_bytes", counters.file_written_bytes);
  registry.add("cache_log_file_kept_bytes", counters.file_kept_bytes);
  registry.add("cache_log_file_cleaned_segments", counters.file_cleaned_segments);
  registry.add("cache_log_file_dropped_records", counters.file_dropped_records);
  registry.add("cache_log_tombstones", counters.tombstones);
  registry.add("cache_log_tombstones_held", counters.tombstones_held);
  registry.add("cache_log_overruns", counters.overruns);
  registry.add("cache_log_clears", counters.clears);
  registry.add("cache_log_syncs", counters.syncs);
  registry.add("cache_log_device_syncs", counters.device_syncs);
  registry.add("cache_log_reads", counters.reads);
  registry.add("cache_log_read_bytes", counters.read_bytes);
  registry.add("cache_log_reads_joined", counters.reads_joined);
  registry.add("cache_log_reads_waited", counters.reads_waited);
  registry.add("cache_log_reads_refused", counters.reads_refused);
  registry.add("cache_log_reads_stale", counters.reads_stale);
  registry.add("cache_log_reads_damaged", counters.reads_damaged);
  registry.add("cache_log_compressed_records", counters.compressed_records);
  registry.add("cache_log_compressed_saved_bytes", counters.compressed_saved_bytes);
  registry.add("cache_log_write_errors", counters.write_errors);
  registry.add("cache_log_sync_errors", counters.sync_errors);
  registry.add("cache_log_read_errors", counters.read_errors);
  registry.add("cache_log_recovered_records", counters.recovered_records);
  registry.add("cache_log_recovered_bytes", counters.recovered_bytes);
  registry.add("cache_log_recovery_damaged_pieces", counters.recovery_damaged_pieces);
  registry.add("cache_log_recovery_forgotten_records", counters.recovery_forgotten_records);
}

}  // namespace corering::cache
