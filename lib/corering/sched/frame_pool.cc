#include "corering/sched/frame_pool.h"

#include <array>
#include <new>
#include <utility>

namespace corering::sched {

namespace {

constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kClasses = 64;

struct FreeFrame {
  FreeFrame* next;
};

class FreeLists {
 public:
  ~FreeLists() {
    for (FreeFrame* frame : heads_) {
      while (frame != nullptr) ::operator delete(std::exchange(frame, frame->next));
    }
  }

  FreeFrame*& head(std::size_t size_class) { return heads_[size_class]; }

 private:
  std::array<FreeFrame*, kClasses> heads_{};
};

thread_local FreeLists free_lists;

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / kClassBytes; }

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses) return ::operator new(bytes);
  FreeFrame*& head = free_lists.head(size_class);
  if (head == nullptr) return ::operator new((size_class + 1) * kClassBytes);
  return std::exchange(head, head->next);
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses) {
    ::operator delete(frame);
    return;
  }
  FreeFrame*& head = free_lists.head(size_class);
  head = new (frame) FreeFrame{head};
}

}  // namespace corering::sched
