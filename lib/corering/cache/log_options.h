// LogOptions: sizes and limits of a log.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corering::cache {

struct LogOptions {
  std::size_t segment_bytes = std::size_t{2} << 20;  // a multiple of 4096; one huge page, one fixed buffer of a ring
  std::size_t memory_segments = 32;                  // L2, 2 at least, or 0 for none
  std::size_t staging_segments = 4;                  // of the file that are filled or being written, 2 at least
  std::size_t reads_in_flight_max = 64;              // of the file; others wait
  std::size_t reads_waiting_max = 1024;              // beyond that a read is refused
  std::size_t step_bytes_max = std::size_t{64} << 10;
  bool compress = false;  // values from compress_bytes_min to _max, by LZ4, where it saves an eighth
  std::size_t compress_bytes_min = 256;
  std::size_t compress_bytes_max = std::size_t{256} << 10;  // half a millisecond of the core
  std::uint64_t key_hash_seed = 0;                          // of the KeyHash that RecoveredRecord speaks
  std::int64_t now_ms = 0;                                  // since 1970: records that have expired by then are not recovered
};

}  // namespace corering::cache
