// Random: numbers for choices, seeded and fast: it is asked several times per request.
//
// Source: Sebastiano Vigna, splitmix64 (public domain).
#pragma once

#include <cstdint>

namespace load {

// Scatters neighbouring numbers.
constexpr std::uint64_t scattered(std::uint64_t number) noexcept {
  number += 0x9e3779b97f4a7c15U;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(scattered(seed)) {}

  std::uint64_t next() noexcept {
    const std::uint64_t number = scattered(state_);
    state_ += 0x9e3779b97f4a7c15U;
    return number;
  }

  // 0 to bound-1. Source: Lemire, Fast random integer generation in an interval, 2019; its bias of less than bound / 2^64 is left in.
  std::uint64_t below(std::uint64_t bound) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

  // 0 to 1, without 1.
  double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace load
