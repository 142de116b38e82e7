// CompletionQueue: our side of the ring in which results come back from the kernel.
//
// Results are copied out before any of them is acted on: handlers may then submit, and the kernel may post, without either running
// into the other. Thread: owning core only. Cost: no system call.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <span>

#include "corering/ring/backend.h"

namespace corering::ring {

class CompletionQueue {
 public:
  explicit CompletionQueue(const RingMemory& memory)
      : head_(*memory.completion_head),
        tail_(*memory.completion_tail),
        entries_(memory.completions),
        capacity_(memory.completion_entries) {}

  std::uint32_t capacity() const noexcept { return capacity_; }
  std::uint32_t ready() const noexcept { return std::atomic_ref(tail_).load(std::memory_order_acquire) - head_; }

  // Moves the oldest results out; returns how many.
  std::size_t copy_out(std::span<Cqe> batch) noexcept {
    const std::size_t count = std::min<std::size_t>(ready(), batch.size());
    for (std::size_t index = 0; index < count; ++index) {
      const Cqe& entry = entries_[(head_ + index) & (capacity_ - 1)];
      batch[index].user_data = entry.user_data;
      batch[index].res = entry.res;
      batch[index].flags = entry.flags;
    }
    std::atomic_ref(head_).store(head_ + static_cast<std::uint32_t>(count), std::memory_order_release);
    return count;
  }

 private:
  std::uint32_t& head_;
  std::uint32_t& tail_;
  Cqe* entries_;
  std::uint32_t capacity_;
};

}  // namespace corering::ring
