// BufferRing: the ring of chunks from which the kernel takes one for each piece that it receives.
//
// Few chunks lie in it at a time (the window): those given back last, still in the cache, go in first. A ring filled with the
// whole pool would walk through all of it: at 500 connections and 16 KiB that is 8 MiB of cold memory per round (measured:
// bench/README.md). When the kernel finds the window empty while the pool is not, the window doubles; when a thousand refills have
// used less than a quarter of it, it halves. The last chunks of the pool, the reserve, never go into the window: what lies there
// falls to whichever connection sends first, and the reserve is for those who decide (writers, receives of known readers).
//
// Thread: owning core only. Lifetime: the ring and the pool outlive it; chunks in the window are given back by its destructor.
// Kernel: 5.19. Source: io_uring_register(2), IORING_REGISTER_PBUF_RING; liburing 2.3 lacks the set-up call, so it is done here.
#pragma once

#include <cstdint>
#include <vector>

#include "corering/base/result.h"
#include "corering/mem/chunk_pool.h"
#include "corering/mem/mapping.h"
#include "corering/ring/operations.h"
#include "corering/ring/ring.h"

namespace corering::ring {

class BufferRing {
 public:
  struct Options {
    BufferGroup group;
    std::uint32_t window_chunks = 64;        // to begin with; 1 to window_chunks_max
    std::uint32_t window_chunks_max = 4096;  // a power of two up to 32768
    std::uint32_t reserve_chunks = 0;        // less than the pool has
  };

  // Requires: called before the ring is enabled, or by its owning core. Errors: out_of_memory, system.
  static base::Result<BufferRing> open(Ring& ring, mem::ChunkPool& pool, const Options& options);

  BufferRing(BufferRing&& other) noexcept;
  ~BufferRing();

  // Puts chunks in until the window is full or the pool is down to its reserve, and shows them to the kernel. Once per turn.
  void refill() noexcept;

  // The chunk that a completion with a buffer names. Call exactly once for each such completion.
  mem::Chunk take(std::uint16_t buffer_id) noexcept;

  // The kernel found no chunk. Widens the window if the pool has more, at most once per refill: one dry spell fails many receives.
  void on_exhausted() noexcept;

  BufferGroup group() const noexcept { return group_; }
  std::uint32_t in_window() const noexcept { return in_window_; }
  std::uint32_t window_chunks() const noexcept { return window_; }

  std::uint32_t reserve_chunks() const noexcept { return reserve_; }

  // The pool is down to its reserve: the window cannot be refilled.
  bool is_short() const noexcept { return pool_->free_count() <= reserve_; }

 private:
  BufferRing(Ring& ring, mem::ChunkPool& pool, mem::Mapping mapping, const Options& options);

  void narrow() noexcept;

  io_uring_buf* entries() const noexcept { return reinterpret_cast<io_uring_buf*>(mapping_.bytes().data()); }

  Ring* ring_;
  mem::ChunkPool* pool_;
  mem::Mapping mapping_;
  BufferGroup group_;
  std::uint32_t capacity_;
  std::uint32_t window_min_;
  std::uint32_t reserve_;
  std::uint32_t window_;
  std::uint32_t in_window_ = 0;
  std::uint32_t used_max_ = 0;  // of the window between two refills, in this period
  std::uint32_t refills_ = 0;   // in this period
  std::uint16_t tail_ = 0;
  bool widened_ = false;    // since the last refill
  std::vector<bool> lent_;  // by chunk: inside the window, or taken by the kernel and not yet reported
};

}  // namespace corering::ring
