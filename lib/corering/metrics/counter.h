// Counter and Gauge: numbers that one core writes and anybody reads.
//
// Plain increments with relaxed atomic loads and stores: no lock prefix, no shared cache line, and still no data race when another
// thread takes a snapshot. Thread: add/set by the owning core only; value by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace corering::metrics {

// Only grows.
class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.store(value() + count, std::memory_order_relaxed); }

  // For totals that are kept elsewhere, by the kernel for example: takes over its newer reading. Never goes back.
  void catch_up(std::uint64_t total) noexcept {
    if (total > value()) value_.store(total, std::memory_order_relaxed);
  }

  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Goes up and down.
class Gauge {
 public:
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace corering::metrics
