// Clock: the time that a core lives by. Monotonic, in nanoseconds from an arbitrary start.
//
// An interface because the simulation runs the same server in virtual time. A core reads it once per turn and everything in
// that turn uses the reading.
#pragma once

#include <chrono>
#include <cstdint>

namespace corering::base {

using Duration = std::chrono::nanoseconds;

// A point on a Clock. Comparable only with points of the same Clock.
struct Instant {
  std::int64_t ns = 0;

  friend auto operator<=>(Instant, Instant) = default;
  friend Instant operator+(Instant instant, Duration duration) { return {instant.ns + duration.count()}; }
  friend Duration operator-(Instant later, Instant earlier) { return Duration(later.ns - earlier.ns); }

  static constexpr Instant never() { return {INT64_MAX}; }
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;  // Thread: any. Cost: no system call (vDSO).
};

// CLOCK_MONOTONIC.
class SteadyClock final : public Clock {
 public:
  Instant now() const override {
    return {std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()).count()};
  }
};

}  // namespace corering::base
