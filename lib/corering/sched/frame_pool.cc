#include "corering/sched/frame_pool.h"

#include "corering/base/assert.h"
#include "corering/mem/heap.h"

namespace corering::sched {

namespace {

// What is asked of the heap for a frame: the whole class, so that any other frame of it fits.
std::size_t heap_bytes(std::size_t bytes, std::size_t class_bytes) { return (bytes + class_bytes - 1) / class_bytes * class_bytes; }

}  // namespace

constinit thread_local FramePool::Pool FramePool::pool_{{}, 0, FramePool::kKeptBytesMax, 0, 0, 0, false};

// Gives what is kept back at the end of the thread; what its other destructors free afterwards is not kept.
struct FramePool::Watch {
  ~Watch() {
    for (std::size_t size_class = 0; size_class < kClasses; ++size_class) {
      while (IdleFrame* frame = pool_.idle[size_class]) {
        mem::unpoison(frame, bytes_of(size_class));
        pool_.idle[size_class] = frame->next;
        mem::release(mem::Room::sched, frame, bytes_of(size_class), kClassBytes);
      }
    }
    pool_.kept_bytes_max = pool_.room_bytes = 0;
  }
};

void* FramePool::allocate_from_heap(std::size_t bytes) {
  ++pool_.from_heap;
  void* frame = mem::try_allocate(mem::Room::sched, heap_bytes(bytes, kClassBytes), kClassBytes);
  CORERING_ASSERT(frame != nullptr, "the machine has no memory for a coroutine");
  return frame;
}

void FramePool::release_to_heap(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class < kClasses && !pool_.is_watched) {
    thread_local const Watch at_the_end;
    static_cast<void>(at_the_end);
    pool_.is_watched = true;
    pool_.room_bytes = pool_.kept_bytes_max;
    release(frame, bytes);
    return;
  }
  if (size_class < kClasses) ++pool_.dropped;
  mem::release(mem::Room::sched, frame, heap_bytes(bytes, kClassBytes), kClassBytes);
}

FramePool::Counts FramePool::counts() noexcept {
  const std::int64_t kept_bytes = pool_.is_watched ? pool_.kept_bytes_max - pool_.room_bytes : 0;
  return {pool_.lent, pool_.from_heap, pool_.dropped, static_cast<std::uint64_t>(kept_bytes)};
}

void FramePool::limit_kept_bytes(std::size_t kept_bytes_max) noexcept {
  const auto limit = static_cast<std::int64_t>(kept_bytes_max);
  if (pool_.is_watched) pool_.room_bytes += limit - pool_.kept_bytes_max;
  pool_.kept_bytes_max = limit;
}

}  // namespace corering::sched
