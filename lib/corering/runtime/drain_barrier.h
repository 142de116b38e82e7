// DrainBarrier: no core stops before all have drained, because a busy core may still send messages to an idle one.
//
// Thread: any.
#pragma once

#include <atomic>
#include <cstdint>

namespace corering::runtime {

class DrainBarrier {
 public:
  explicit DrainBarrier(std::uint32_t cores) : busy_(cores) {}

  // A core has nothing left to do. True for the last one: it wakes the others. Called once per core.
  bool arrive() noexcept { return busy_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  bool is_open() const noexcept { return busy_.load(std::memory_order_acquire) == 0; }

 private:
  std::atomic<std::uint32_t> busy_;
};

}  // namespace corering::runtime
