// FramePool: where coroutine frames live, so that starting a coroutine does not reach the heap.
//
// One per thread. Frames are kept in size classes of 64 bytes up to 4 KiB and reused last-in first-out; what the pool has not, and
// larger ones, come from the heap of the thread's core, on the account of this room (mem/heap.h). A frame may be freed on another
// thread than it came from and then stays with that one; so that a thread that only ever frees does not collect frames for ever, a
// pool keeps at most `kept_bytes_max` and gives the rest back to the heap. Under AddressSanitizer a freed frame is poisoned:
// touching it is reported like a use after free.
//
//   static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
//
// In the header, because the size of a frame is a constant where it is made: what is left is a handful of instructions. Coroutines
// that move between threads may do that: g++ splits them into functions before it looks at what is the thread's, and a function
// stays on its thread. (clang does so since 16.)
//
// Thread: each sees its own. Shapes: frames begin at multiples of 64. Errors: a machine without memory aborts, as there is nothing
// that a coroutine could be told. Cost: 2 ns for both ways; a heap allocation if no frame of the class is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "corering/mem/poison.h"

namespace corering::sched {

class FramePool {
 public:
  static constexpr std::size_t kKeptBytesMax = std::size_t{16} << 20;
  static constexpr std::size_t kFrameBytesMax = 4096;  // of those that are kept

  // What the calling thread's pool has done.
  struct Counts {
    std::uint64_t lent = 0;        // frames, wherever they came from
    std::uint64_t from_heap = 0;   // those among them that were not there, or are too large to be kept
    std::uint64_t dropped = 0;     // frames given back to the heap because the pool was full
    std::uint64_t kept_bytes = 0;  // in the pool now
  };

  [[gnu::returns_nonnull]] static void* allocate(std::size_t bytes) {
    ++pool_.lent;
    const std::size_t size_class = class_of(bytes);
    if (size_class >= kClasses || pool_.idle[size_class] == nullptr) [[unlikely]]
      return allocate_from_heap(bytes);
    IdleFrame* frame = pool_.idle[size_class];
    mem::unpoison(frame, bytes_of(size_class));
    pool_.idle[size_class] = frame->next;
    pool_.room_bytes += static_cast<std::int64_t>(bytes_of(size_class));
    return frame;
  }

  // Requires: the size that it was allocated with.
  static void release(void* frame, std::size_t bytes) noexcept {
    const std::size_t size_class = class_of(bytes);
    if (size_class >= kClasses || pool_.room_bytes < static_cast<std::int64_t>(bytes_of(size_class))) [[unlikely]] {
      release_to_heap(frame, bytes);
      return;
    }
    keep(frame, size_class);
  }

  static Counts counts() noexcept;

  // For the calling thread. What is kept above it stays until it is used.
  static void limit_kept_bytes(std::size_t kept_bytes_max) noexcept;

 private:
  static constexpr std::size_t kClassBytes = 64;
  static constexpr std::size_t kClasses = kFrameBytesMax / kClassBytes;

  struct IdleFrame {
    IdleFrame* next;
  };

  // Trivial, so that a thread's access to it costs no check whether it has been constructed.
  struct Pool {
    IdleFrame* idle[kClasses];  // no std::array: g++ 12 lets UndefinedBehaviorSanitizer take one in a thread's variable for null
    std::int64_t room_bytes;    // that may still be kept: none until the thread's end is watched
    std::int64_t kept_bytes_max;
    std::uint64_t lent;
    std::uint64_t from_heap;
    std::uint64_t dropped;
    bool is_watched;  // its frames go back to the heap at the thread's end
  };
  struct Watch;

  static constexpr std::size_t class_of(std::size_t bytes) noexcept { return (bytes - 1) / kClassBytes; }
  static constexpr std::size_t bytes_of(std::size_t size_class) noexcept { return (size_class + 1) * kClassBytes; }

  static void keep(void* frame, std::size_t size_class) noexcept {
    pool_.idle[size_class] = new (frame) IdleFrame{pool_.idle[size_class]};
    pool_.room_bytes -= static_cast<std::int64_t>(bytes_of(size_class));
    mem::poison(frame, bytes_of(size_class));
  }

  static void* allocate_from_heap(std::size_t bytes);
  static void release_to_heap(void* frame, std::size_t bytes) noexcept;

  // initial-exec, because the other models call a function for its address in a library's code.
  [[gnu::tls_model("initial-exec")]] static constinit thread_local Pool pool_;
};

}  // namespace corering::sched
