// Random: a small, fast, seeded generator. The same seed gives the same numbers on every machine, unlike the standard library's
// distributions.
//
// Source: Sebastiano Vigna, splitmix64 (public domain).
#pragma once

#include <cstddef>
#include <cstdint>

namespace corering::testing {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15ULL);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }

  // 0 to bound-1. Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

  // low to high, both included.
  std::size_t between(std::size_t low, std::size_t high) noexcept { return low + static_cast<std::size_t>(below(high - low + 1)); }

  // True in `per_mille` of 1000 cases.
  bool chance(unsigned per_mille) noexcept { return below(1000) < per_mille; }

 private:
  std::uint64_t state_;
};

}  // namespace corering::testing
