// Progress: a line that moves on a terminal, nothing elsewhere; and the busiest second of the window.
#pragma once

#include <cstdint>

#include "corering/base/clock.h"

namespace load {

class Progress {
 public:
  Progress();

  // `replies` so far, in all; whether the window has begun.
  void show(corering::base::Instant now, std::uint64_t replies, bool in_window);

  // Leaves an empty line behind.
  void end();

  std::uint64_t peak_per_second() const noexcept { return peak_; }

 private:
  const bool is_terminal_;
  corering::base::Instant last_;
  std::uint64_t last_replies_ = 0;
  std::uint64_t peak_ = 0;
};

}  // namespace load
