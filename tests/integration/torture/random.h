// Repeatable randomness: everything the torture client decides follows from one printed seed.
//
// Not for secrets, and not for statistics: splitmix64 is only fast, small and good enough to vary sizes and pauses.
//
// Thread: any, one object per user.
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 (constants of the mixer).
#pragma once

#include <cmath>
#include <cstdint>

namespace corering::torture {

constexpr std::uint64_t kGoldenGamma = 0x9e3779b97f4a7c15;

// A bijection in which every input bit reaches every output bit.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(mix(seed + kGoldenGamma)) {}

  constexpr std::uint64_t next() { return mix(state_ += kGoldenGamma); }

  // A value from lowest to highest, both included. Requires: lowest <= highest, and not the whole 64-bit range.
  constexpr std::uint64_t uniform(std::uint64_t lowest, std::uint64_t highest) { return lowest + next() % (highest - lowest + 1); }

  // A value from 1 to highest whose logarithm is uniform: 1..10 is as frequent as 100'000..1'000'000.
  std::uint64_t log_uniform(std::uint64_t highest) {
    const double unit = static_cast<double>(next() >> 11) * 0x1.0p-53;
    const auto value = static_cast<std::uint64_t>(std::exp(unit * std::log(static_cast<double>(highest) + 1.0)));
    return value < 1 ? 1 : value > highest ? highest : value;
  }

  constexpr bool one_in(std::uint64_t count) { return next() % count == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace corering::torture
