// FramePool: where coroutine frames live, so that starting a coroutine does not reach the heap.
//
// One per thread. Frames are kept in size classes of 64 bytes up to 4 KiB and reused last-in first-out; larger ones go to the heap.
// A frame may be freed on another thread than it came from and then stays with that one; so that a thread that only ever frees
// does not collect frames for ever, a pool keeps at most `kept_bytes_max` and gives the rest back to the heap. Under
// AddressSanitizer a freed frame is poisoned: touching it is reported like a use after free.
//
//   static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
//
// Thread: each sees its own. Cost: a few nanoseconds; a heap allocation if no frame of the class is kept.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corering::sched {

class FramePool {
 public:
  static constexpr std::size_t kKeptBytesMax = std::size_t{16} << 20;

  // What the calling thread's pool has done.
  struct Counts {
    std::uint64_t from_heap = 0;   // frames that were not there
    std::uint64_t dropped = 0;     // frames given back to the heap because the pool was full
    std::uint64_t kept_bytes = 0;  // in the pool now
  };

  static void* allocate(std::size_t bytes);
  static void release(void* frame, std::size_t bytes) noexcept;

  static Counts counts() noexcept;

  // For the calling thread. What is kept above it stays until it is used.
  static void limit_kept_bytes(std::size_t kept_bytes_max) noexcept;
};

}  // namespace corering::sched
