// RateMeter: how many per second, lately: over the last 16 samples of a counter that only grows.
//
// Thread: its core's. Cost: two stores per sample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kv {

class RateMeter {
 public:
  void sample(std::int64_t now_ms, std::uint64_t count) noexcept {
    samples_[next_ % kSamples] = {now_ms, count};
    ++next_;
  }

  std::uint64_t per_second() const noexcept {
    if (next_ < 2) return 0;
    const Sample& newest = samples_[(next_ - 1) % kSamples];
    const Sample& oldest = samples_[next_ < kSamples ? 0 : next_ % kSamples];
    const std::int64_t passed_ms = newest.at_ms - oldest.at_ms;
    return passed_ms <= 0 ? 0 : (newest.count - oldest.count) * 1000 / static_cast<std::uint64_t>(passed_ms);
  }

 private:
  static constexpr std::size_t kSamples = 16;

  struct Sample {
    std::int64_t at_ms = 0;
    std::uint64_t count = 0;
  };

  std::array<Sample, kSamples> samples_{};
  std::size_t next_ = 0;
};

}  // namespace kv
