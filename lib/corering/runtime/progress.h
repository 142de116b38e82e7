// Progress: where in its turn a core is, for those who watch it from outside (stall_detector.h).
//
// Thread: in by the owning core only, phase by any. Cost: one plain store per phase.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace corering::runtime {

// `wait` is the enter that may sleep; `submit` the one that does not.
enum class Phase : std::uint8_t { outside, reap, dispatch, run_ready, fire_timers, drain_mailboxes, flush, submit, wait };

std::string_view name_of(Phase phase);

class Progress {
 public:
  void in(Phase phase) noexcept { phase_.store(phase, std::memory_order_relaxed); }
  Phase phase() const noexcept { return phase_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Phase> phase_{Phase::outside};
};

}  // namespace corering::runtime
