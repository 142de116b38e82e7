// CacheOptions: sizes, tiers and times of a cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "corering/cache/block_device.h"
#include "corering/cache/log_file_layout.h"
#include "corering/cache/log_options.h"
#include "corering/mem/lent_memory.h"

namespace corering::cache {

struct CacheOptions {
  std::size_t l1_bytes = std::size_t{64} << 20;
  std::size_t segment_bytes = 0;  // of L1, a power of two; 0: up to 1 MiB, less for a small L1

  // Where the log, then L1, have their memory while it lasts; what does not fit is mapped: see Cache::memory_bytes_wanted. A core's
  // (runtime::Core::service_memory), so that items are sent zero-copy and written to the file from where they lie.
  mem::LentMemory memory = {};

  std::uint64_t hash_seed = 0;  // 0: drawn from the kernel
  std::int64_t now_ms = 0;      // since 1970

  // L2, L3 or both below L1; without one, what leaves L1 leaves the cache. The cache sets key_hash_seed and now_ms.
  std::optional<LogOptions> log;
  BlockDevice* device = nullptr;  // of L3, with its layout; outlives the cache
  LogFileLayout layout;
  std::int64_t sync_ms = 1000;                                   // what was stored is durable after at most this and a sync
  std::size_t promoted_bytes_per_s_max = std::size_t{64} << 20;  // from the log into L1
};

}  // namespace corering::cache
