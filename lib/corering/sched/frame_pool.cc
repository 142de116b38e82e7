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

class FreeLists {
 public:
  ~FreeLists() {
    for (std::size_t size_class = 0; size_class < kClasses; ++size_class) {
      while (void* frame = take(size_class)) ::operator delete(frame);
    }
  }

  // nullptr if there is none.
  void* take(std::size_t size_class) noexcept {
    FreeFrame* frame = heads_[size_class];
    if (frame == nullptr) return nullptr;
    mem::unpoison(frame, bytes_of(size_class));
    heads_[size_class] = frame->next;
    return frame;
  }

  void put(void* frame, std::size_t size_class) noexcept {
    heads_[size_class] = new (frame) FreeFrame{heads_[size_class]};
    mem::poison(frame, bytes_of(size_class));
  }

 private:
  std::array<FreeFrame*, kClasses> heads_{};
};

thread_local FreeLists free_lists;

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses) return ::operator new(bytes);
  void* frame = free_lists.take(size_class);
  return frame != nullptr ? frame : ::operator new(bytes_of(size_class));
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses) {
    ::operator delete(frame);
    return;
  }
  free_lists.put(frame, size_class);
}

}  // namespace corering::sched
