// What the log counts, per core.
#pragma once

#include <cstdint>

#include "corering/metrics/counter.h"
#include "corering/metrics/registry.h"

namespace corering::cache {

struct LogCounters {
  metrics::Counter memory_appended_bytes;  // records, padding included
  metrics::Counter memory_refused;         // appends that found no room
  metrics::Counter memory_cleaned_segments;
  metrics::Counter memory_to_file_records;
  metrics::Counter memory_dropped_records;
  metrics::Counter file_appended_bytes;
  metrics::Counter file_refused;
  metrics::Counter file_written_bytes;  // to the device; divided by the bytes that came from outside: write amplification
  metrics::Counter file_kept_bytes;     // of those appended, by cleaning the file itself
  metrics::Counter file_cleaned_segments;
  metrics::Counter file_dropped_records;
  metrics::Counter tombstones;
  metrics::Counter tombstones_held;  // that waited for the disk
  metrics::Counter overruns;         // a tombstone found no room: the file forgot everything
  metrics::Counter clears;
  metrics::Counter syncs;         // sync points that ended well
  metrics::Counter device_syncs;  // two of them make a sync point
  metrics::Counter reads;
  metrics::Counter read_bytes;
  metrics::Counter reads_joined;   // asked for a record that was being read already
  metrics::Counter reads_waited;   // for one of the reads in flight
  metrics::Counter reads_refused;  // too many waited
  metrics::Counter reads_stale;    // another record, or none, lies there by now
  metrics::Counter reads_damaged;  // the checksum is wrong
  metrics::Counter compressed_records;
  metrics::Counter compressed_saved_bytes;
  metrics::Counter write_errors;
  metrics::Counter sync_errors;
  metrics::Counter read_errors;
  metrics::Counter recovered_records;
  metrics::Counter recovered_bytes;  // read
  metrics::Counter recovery_damaged_pieces;
  metrics::Counter recovery_forgotten_records;  // older than a damaged piece: they might be out of date
};

struct LogUsage {
  std::uint64_t memory_segments = 0;  // that hold records
  std::uint64_t memory_bytes = 0;     // in them
  std::uint64_t file_segments = 0;
  std::uint64_t file_segments_free = 0;  // that can be written
  std::uint64_t reads_in_flight = 0;
  std::uint64_t reads_waiting = 0;
};

// Names: "cache_log_" and the member's.
void register_counters(metrics::Registry& registry, const LogCounters& counters);

}  // namespace corering::cache
