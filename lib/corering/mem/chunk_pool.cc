#include "corering/mem/chunk_pool.h"

#include <string>
#include <utility>

namespace corering::mem {

base::Result<std::size_t> ChunkPool::bytes_for(const Options& options) {
  std::size_t bytes = 0;
  if (options.chunk_count == 0 || options.chunk_count > kChunkCountMax || options.chunk_bytes == 0 ||
      options.chunk_bytes % 64 != 0 || __builtin_mul_overflow(options.chunk_bytes, options.chunk_count, &bytes)) {
    return base::failure({base::ErrorCode::invalid_argument, 0,
                          "found " + std::to_string(options.chunk_count) + " chunks of " + std::to_string(options.chunk_bytes) +
                              " bytes, need 1 to 65536 chunks of a multiple of 64 bytes"});
  }
  return bytes;
}

base::Result<ChunkPool> ChunkPool::open(Arena& arena, const Options& options) {
  auto bytes = bytes_for(options);
  if (!bytes) return base::failure(std::move(bytes.error()));
  return ChunkPool(Mapping(), arena.carve(*bytes), options);
}

base::Result<ChunkPool> ChunkPool::open(const Options& options) {
  auto bytes = bytes_for(options);
  if (!bytes) return base::failure(std::move(bytes.error()));
  auto mapping = Mapping::open(*bytes);
  if (!mapping) return base::failure(std::move(mapping.error()));
  const base::MutableBytes memory = mapping->bytes();
  return ChunkPool(std::move(*mapping), memory, options);
}

ChunkPool::ChunkPool(Mapping mapping, base::MutableBytes memory, const Options& options)
    : mapping_(std::move(mapping)),
      memory_(memory),
      chunk_bytes_(options.chunk_bytes),
      count_(options.chunk_count),
      free_count_min_(options.chunk_count),
      borrowed_(options.chunk_count, false) {
  free_.reserve(count_);
  // Highest first, so that the lowest addresses are used first.
  for (std::size_t index = count_; index > 0; --index) free_.push_back(ChunkId{static_cast<std::uint16_t>(index - 1)});
}

ChunkPool::ChunkPool(ChunkPool&& other) noexcept
    : mapping_(std::move(other.mapping_)),
      memory_(std::exchange(other.memory_, {})),
      chunk_bytes_(other.chunk_bytes_),
      count_(other.count_),
      free_count_min_(other.free_count_min_),
      returned_count_(other.returned_count_),
      free_(std::move(other.free_)),
      borrowed_(std::move(other.borrowed_)) {
  CORERING_ASSERT(free_.size() == count_, "a chunk pool moves while chunks are out");
}

ChunkPool::~ChunkPool() { CORERING_ASSERT(memory_.empty() || free_.size() == count_, "a chunk outlives its pool"); }

}  // namespace corering::mem
