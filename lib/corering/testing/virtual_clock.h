// VirtualClock: time that passes only when the simulation says so. Thread: one.
#pragma once

#include "corering/base/clock.h"

namespace corering::testing {

class VirtualClock final : public base::Clock {
 public:
  base::Instant now() const override { return now_; }
  void advance(base::Duration duration) noexcept { now_ = now_ + duration; }

 private:
  base::Instant now_{1'000'000'000};
};

}  // namespace corering::testing
