// The part of Cache that knows where its memory lies: the log first, whose size is fixed, then L1.
#include <algorithm>
#include <bit>

#include "corering/cache/cache.h"

namespace corering::cache {

namespace {

constexpr std::size_t kSegmentBytesMost = std::size_t{1} << 20;
constexpr std::size_t kSegmentsWanted = 64;

std::size_t segment_bytes_for(const CacheOptions& options) {
  if (options.segment_bytes != 0) return options.segment_bytes;
  return std::clamp(std::bit_floor(options.l1_bytes / kSegmentsWanted), L1Store::kSegmentBytesMin, kSegmentBytesMost);
}

// Whole huge pages, so that L1 begins with one.
std::size_t log_bytes(const CacheOptions& options) {
  if (!options.log) return 0;
  const std::size_t bytes = Log::memory_bytes(*options.log, options.layout.segment_count != 0);
  return (bytes + mem::kHugePageBytes - 1) / mem::kHugePageBytes * mem::kHugePageBytes;
}

}  // namespace

std::size_t Cache::memory_bytes_wanted(const CacheOptions& options) noexcept {
  return log_bytes(options) + L1Store::memory_bytes(l1_options(options));
}

// All or nothing: empty, the log maps its own.
base::MutableBytes Cache::log_memory(const CacheOptions& options) noexcept {
  const std::size_t bytes = log_bytes(options);
  return bytes <= options.memory.bytes.size() ? options.memory.bytes.first(bytes) : base::MutableBytes();
}

L1Options Cache::l1_options(const CacheOptions& options) noexcept {
  return {.budget_bytes = options.l1_bytes,
          .segment_bytes = segment_bytes_for(options),
          .memory = {options.memory.bytes.subspan(log_memory(options).size()), options.memory.holder}};
}

}  // namespace corering::cache
