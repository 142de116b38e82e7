// OffloadQueue: jobs from any number of cores to any number of blocking threads, bounded, without a lock.
//
// A core that hands over a job must not wait for a thread that the kernel has just descheduled, as it would on a mutex. Each cell
// carries a number that says whose turn it is: equal to the position, it may be filled; one more, it may be emptied.
//
// Thread: any. Cost: one compare-and-swap each way, no allocation after construction.
// Source: Dmitry Vyukov, Bounded MPMC queue, 1024cores.net.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "corering/base/cache_line.h"

namespace corering::sched {

template <typename T>
class OffloadQueue {
 public:
  // At least `capacity` jobs fit. Requires: capacity > 0.
  explicit OffloadQueue(std::size_t capacity) : mask_(std::bit_ceil(capacity) - 1), cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::size_t index = 0; index <= mask_; ++index) cells_[index].turn.store(index, std::memory_order_relaxed);
  }

  // False if it is full.
  bool try_push(T* job) noexcept {
    std::size_t position = pushed_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      const std::size_t turn = cell.turn.load(std::memory_order_acquire);
      if (turn == position) {
        if (!pushed_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
        cell.job = job;
        cell.turn.store(position + 1, std::memory_order_release);
        return true;
      }
      if (turn < position) return false;
      position = pushed_.load(std::memory_order_relaxed);
    }
  }

  // Nullptr if it is empty, or the oldest is just being pushed.
  T* try_pop() noexcept {
    std::size_t position = popped_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      const std::size_t turn = cell.turn.load(std::memory_order_acquire);
      if (turn == position + 1) {
        if (!popped_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
        T* const job = cell.job;
        cell.turn.store(position + mask_ + 1, std::memory_order_release);
        return job;
      }
      if (turn < position + 1) return nullptr;
      position = popped_.load(std::memory_order_relaxed);
    }
  }

 private:
  struct Cell {
    std::atomic<std::size_t> turn;
    T* job;
  };

  const std::size_t mask_;
  std::unique_ptr<Cell[]> cells_;
  alignas(base::kCacheLineBytes) std::atomic<std::size_t> pushed_{0};
  alignas(base::kCacheLineBytes) std::atomic<std::size_t> popped_{0};
};

}  // namespace corering::sched
