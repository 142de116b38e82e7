#include "corering/mem/chunk_pool.h"

#include <string>

namespace corering::mem {

base::Result<ChunkPool> ChunkPool::open(const Options& options) {
  std::size_t bytes = 0;
  if (options.chunk_count == 0 || options.chunk_count > kChunkCountMax || options.chunk_bytes == 0 ||
      options.chunk_bytes % 64 != 0 || __builtin_mul_overflow(options.chunk_bytes, options.chunk_count, &bytes)) {
    return base::failure({base::ErrorCode::invalid_argument, 0,
                          "found " + std::to_string(options.chunk_count) + " chunks of " + std::to_string(options.chunk_bytes) +
                              " bytes, need 1 to 65536 chunks of a multiple of 64 bytes"});
  }
  auto mapping = Mapping::open(bytes);
  if (!mapping) return base::failure(std::move(mapping.error()));
  return ChunkPool(std::move(*mapping), options);
}

ChunkPool::ChunkPool(Mapping mapping, const Options& options)
    : mapping_(std::move(mapping)),
      chunk_bytes_(options.chunk_bytes),
      count_(options.chunk_count),
      free_count_min_(options.chunk_count),
      borrowed_(options.chunk_count, false) {
  free_.reserve(count_);
  // Highest first, so that the lowest addresses are used first.
  for (std::size_t index = count_; index > 0; --index) free_.push_back(ChunkId{static_cast<std::uint16_t>(index - 1)});
}

ChunkPool::~ChunkPool() { CORERING_ASSERT(mapping_.bytes().empty() || free_.size() == count_, "a chunk outlives its pool"); }

}  // namespace corering::mem
