// Latencies counted in buckets whose width grows with the value: constant memory, one increment per sample, quantiles within 1.6 %.
//
// Values below kStep nanoseconds have a bucket each; above, every power of two is cut into kStep equal buckets. Not for values over
// 2^40 ns (18 minutes), which all count in the last bucket.
#ifndef CORERING_BENCH_PEERS_LATENCY_HISTOGRAM_H_
#define CORERING_BENCH_PEERS_LATENCY_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace corering::bench {

class LatencyHistogram {
 public:
  // Cost: one increment.
  void add(uint64_t latency_ns) {
    ++counts_[bucket_of(latency_ns)];
    ++sample_count_;
  }

  // The upper edge of the bucket in which the quantile (0 to 1) falls; 0 without samples.
  uint64_t quantile_ns(double quantile) const {
    if (sample_count_ == 0) return 0;
    const auto rank = std::min(static_cast<uint64_t>(quantile * static_cast<double>(sample_count_)), sample_count_ - 1);
    uint64_t seen = 0;
    for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > rank) return upper_edge_ns(bucket);
    }
    return upper_edge_ns(counts_.size() - 1);
  }

 private:
  static constexpr unsigned kStepBits = 6;
  static constexpr uint64_t kStep = uint64_t{1} << kStepBits;
  static constexpr unsigned kValueBits = 40;

  static size_t bucket_of(uint64_t value) {
    value = std::min(value, (uint64_t{1} << kValueBits) - 1);
    if (value < kStep) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kStepBits - 1;
    return (shift + 1) * kStep + ((value >> shift) - kStep);
  }

  static uint64_t upper_edge_ns(size_t bucket) {
    if (bucket < kStep) return bucket;
    const size_t shift = bucket / kStep - 1;
    return ((bucket % kStep + kStep + 1) << shift) - 1;
  }

  std::array<uint64_t, (kValueBits - kStepBits + 1) * kStep> counts_{};
  uint64_t sample_count_ = 0;
};

}  // namespace corering::bench

#endif  // CORERING_BENCH_PEERS_LATENCY_HISTOGRAM_H_
