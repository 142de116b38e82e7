// SubmissionQueue: our side of the ring in which operations go to the kernel.
//
// Works on RingMemory alone, so every back end is filled in the same way. Thread: owning core only. Cost: no system call.
#pragma once

#include <atomic>

#include "corering/ring/backend.h"

namespace corering::ring {

class SubmissionQueue {
 public:
  explicit SubmissionQueue(const RingMemory& memory)
      : head_(*memory.submission_head),
        tail_(*memory.submission_tail),
        flags_(*memory.submission_flags),
        entries_(memory.submissions),
        capacity_(memory.submission_entries),
        next_(*memory.submission_tail) {
    // Submission i always uses entry i: the indirection array is set once.
    for (std::uint32_t index = 0; index < capacity_; ++index) memory.submission_index[index] = index;
  }

  // The next free entry, or nullptr if the kernel has not taken enough of them yet.
  Sqe* try_next() noexcept {
    if (pending() == capacity_) return nullptr;
    return &entries_[next_++ & (capacity_ - 1)];
  }

  // Prepared, not yet taken by the kernel.
  std::uint32_t pending() const noexcept { return next_ - std::atomic_ref(head_).load(std::memory_order_acquire); }

  std::uint32_t capacity() const noexcept { return capacity_; }

  // Lets the kernel see everything prepared so far; returns how much there is to submit.
  std::uint32_t publish() noexcept {
    std::atomic_ref(tail_).store(next_, std::memory_order_release);
    return pending();
  }

  // The kernel has results that it makes completions of in the next enter (IORING_SETUP_TASKRUN_FLAG).
  bool has_task_work() const noexcept { return (std::atomic_ref(flags_).load(std::memory_order_relaxed) & IORING_SQ_TASKRUN) != 0; }

  // The kernel keeps completions aside because the completion queue is full.
  bool completions_overflowed() const noexcept {
    return (std::atomic_ref(flags_).load(std::memory_order_relaxed) & IORING_SQ_CQ_OVERFLOW) != 0;
  }

 private:
  std::uint32_t& head_;
  std::uint32_t& tail_;
  std::uint32_t& flags_;
  Sqe* entries_;
  std::uint32_t capacity_;
  std::uint32_t next_;
};

}  // namespace corering::ring
