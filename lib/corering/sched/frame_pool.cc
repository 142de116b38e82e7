#include "corering/sched/frame_pool.h"

#include <array>
#include <new>

#include "corering/mem/poison.h"

namespace corering::sched {

namespace {

constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kClasses = 64;

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / kClassBytes; }
std::size_t bytes_of(std::size_t size_class) { return (size_class + 1) * kClassBytes; }

struct FreeFrame {
  FreeFrame* next;
};

// Trivial, so that a thread's access to it costs no check whether it has been constructed.
struct Pool {
  std::array<FreeFrame*, kClasses> heads;
  std::size_t kept_bytes;
  std::size_t kept_bytes_max;
  std::uint64_t from_heap;
  std::uint64_t dropped;
  bool is_watched;  // its frames go back to the heap at the thread's end
};

constinit thread_local Pool pool{{}, 0, FramePool::kKeptBytesMax, 0, 0, false};

// nullptr if there is none.
void* take(std::size_t size_class) noexcept {
  FreeFrame* frame = pool.heads[size_class];
  if (frame == nullptr) return nullptr;
  mem::unpoison(frame, bytes_of(size_class));
  pool.heads[size_class] = frame->next;
  pool.kept_bytes -= bytes_of(size_class);
  return frame;
}

struct Watch {
  ~Watch() {
    for (std::size_t size_class = 0; size_class < kClasses; ++size_class) {
      while (void* frame = take(size_class)) ::operator delete(frame);
    }
    pool.kept_bytes_max = 0;  // what other destructors of this thread free
  }
};

void watch() noexcept {
  thread_local const Watch at_the_end;
  static_cast<void>(at_the_end);
  pool.is_watched = true;
}

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses) return ::operator new(bytes);
  if (void* frame = take(size_class)) return frame;
  ++pool.from_heap;
  return ::operator new(bytes_of(size_class));
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses) {
    ::operator delete(frame);
    return;
  }
  if (pool.kept_bytes + bytes_of(size_class) > pool.kept_bytes_max) {
    ++pool.dropped;
    ::operator delete(frame);
    return;
  }
  if (!pool.is_watched) watch();
  pool.heads[size_class] = new (frame) FreeFrame{pool.heads[size_class]};
  pool.kept_bytes += bytes_of(size_class);
  mem::poison(frame, bytes_of(size_class));
}

FramePool::Counts FramePool::counts() noexcept { return {pool.from_heap, pool.dropped, pool.kept_bytes}; }

void FramePool::limit_kept_bytes(std::size_t kept_bytes_max) noexcept { pool.kept_bytes_max = kept_bytes_max; }

}  // namespace corering::sched
