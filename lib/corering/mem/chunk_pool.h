// ChunkPool: the fixed memory pieces that bytes are received into and sent from.
//
// A part of an arena, cut into chunks of one size. Borrowing takes the chunk given back last, because that one is still in the cache: an
// echo at full load then cycles through the few chunks in flight instead of walking the whole pool (measured: bench/README.md).
// What the kernel fills is handed on by moving a Chunk, never by copying bytes.
//
// Thread: owning core only. Lifetime: the pool outlives its chunks (asserted). Cost: O(1), no allocation after open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "corering/base/assert.h"
#include "corering/base/bytes.h"
#include "corering/base/result.h"
#include "corering/base/strong_id.h"
#include "corering/mem/arena.h"
#include "corering/mem/mapping.h"

namespace corering::mem {

// 16 bits, because a provided-buffer ring names its buffers with 16 bits.
using ChunkId = base::StrongId<struct ChunkTag, std::uint16_t>;

class ChunkPool;

// The owner of one borrowed chunk: gives it back when it dies. Move-only.
class Chunk {
 public:
  Chunk() = default;
  Chunk(Chunk&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), id_(other.id_) {}
  Chunk& operator=(Chunk&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Chunk();

  explicit operator bool() const noexcept { return pool_ != nullptr; }
  base::MutableBytes bytes() const noexcept;

  // Gives up ownership without giving back: the kernel takes over (see ChunkPool::adopt).
  ChunkId release() noexcept {
    pool_ = nullptr;
    return id_;
  }

 private:
  friend class ChunkPool;
  Chunk(ChunkPool& pool, ChunkId id) noexcept : pool_(&pool), id_(id) {}

  ChunkPool* pool_ = nullptr;
  ChunkId id_;
};

class ChunkPool {
 public:
  static constexpr std::size_t kChunkCountMax = 65536;

  struct Options {
    std::size_t chunk_bytes = std::size_t{16} << 10;  // a multiple of 64
    std::size_t chunk_count = 4096;                   // 1 to kChunkCountMax
  };

  // Bytes that a pool takes. Errors: invalid_argument for impossible options.
  static base::Result<std::size_t> bytes_for(const Options& options);

  // Carves its chunks from the arena. Requires: the arena has bytes_for(options) left, and outlives the pool.
  static base::Result<ChunkPool> open(Arena& arena, const Options& options);

  // A pool with a mapping of its own. Errors: as bytes_for; out_of_memory.
  static base::Result<ChunkPool> open(const Options& options);

  // Requires: no chunk is out: it would give itself back to where the pool was.
  ChunkPool(ChunkPool&& other) noexcept;
  ~ChunkPool();

  // Empty if every chunk is out.
  Chunk try_borrow() noexcept;

  // Takes back ownership of a chunk that was release()d.
  Chunk adopt(ChunkId id) noexcept;

  base::MutableBytes bytes(ChunkId id) const noexcept { return memory_.subspan(id.value * chunk_bytes_, chunk_bytes_); }

  std::size_t chunk_bytes() const noexcept { return chunk_bytes_; }
  std::size_t count() const noexcept { return count_; }
  std::size_t free_count() const noexcept { return free_.size(); }
  std::size_t free_count_min() const noexcept { return free_count_min_; }  // the low-water mark since open

  // Chunks given back since open: whoever waits for one sees by this whether looking again is worth it.
  std::uint64_t returned_count() const noexcept { return returned_count_; }

 private:
  friend class Chunk;
  ChunkPool(Mapping mapping, base::MutableBytes memory, const Options& options);
  void give_back(ChunkId id) noexcept;

  Mapping mapping_;  // its own, or none
  base::MutableBytes memory_;
  std::size_t chunk_bytes_;
  std::size_t count_;
  std::size_t free_count_min_;
  std::uint64_t returned_count_ = 0;
  std::vector<ChunkId> free_;   // a stack: the last one given back is on top
  std::vector<bool> borrowed_;  // catches a chunk given back twice
};

inline Chunk::~Chunk() {
  if (pool_ != nullptr) pool_->give_back(id_);
}

inline base::MutableBytes Chunk::bytes() const noexcept { return pool_->bytes(id_); }

inline Chunk ChunkPool::try_borrow() noexcept {
  if (free_.empty()) return {};
  const ChunkId id = free_.back();
  free_.pop_back();
  if (free_.size() < free_count_min_) free_count_min_ = free_.size();
  borrowed_[id.value] = true;
  return {*this, id};
}

inline Chunk ChunkPool::adopt(ChunkId id) noexcept {
  CORERING_ASSERT(id.value < count_ && borrowed_[id.value], "a chunk is adopted that is not out");
  return {*this, id};
}

inline void ChunkPool::give_back(ChunkId id) noexcept {
  CORERING_ASSERT(borrowed_[id.value], "a chunk is given back twice");
  borrowed_[id.value] = false;
  ++returned_count_;
  free_.push_back(id);  // capacity is reserved for all chunks: never allocates
}

}  // namespace corering::mem
