// FramePool: where coroutine frames live, so that starting a coroutine does not reach the heap.
//
// One per thread. Frames are kept in size classes of 64 bytes up to 4 KiB and reused last-in first-out; larger ones go to the heap.
// Thread: each sees its own. A frame may be freed on another thread than it came from: it then stays with that one.
#pragma once

#include <cstddef>

namespace corering::sched {

class FramePool {
 public:
  static void* allocate(std::size_t bytes);
  static void release(void* frame, std::size_t bytes) noexcept;
};

}  // namespace corering::sched
