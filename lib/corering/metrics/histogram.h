// Histogram: how values are distributed, in fixed memory and with a bounded error. For latencies, sizes and counts per batch.
//
// Log-linear: each power of two is cut into 64 steps of equal width, so a step is never wider than 1/64 of its values. A percentile
// is answered by the middle of its step: at most 1/128 (0.8 %) off the value that sorting all samples would give; below 128 it is
// exact. Minimum, maximum, sum and count are exact. Nothing is sorted, allocated or locked, and nothing decays: readers subtract
// two Distributions to look at an interval.
//
// One core records, anybody reads: plain loads and stores, relaxed, so that a reader may see one sample in part (in the step and
// not yet in the sum). Distributions of several cores are added up when they are read.
//
// Thread: record by the owning core only; reading by any. Units: what the recorder says; the library records nanoseconds.
// Cost: record about 2 ns in cache (bench/metrics); 17.5 KiB per histogram, of which a steady load touches a few lines.
// Source: HdrHistogram (Gil Tene) has the same layout with a range fixed by its user.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace corering::metrics {

// Which step a value falls into. Steps are numbered in the order of their values, without gaps.
class HistogramSteps {
 public:
  static constexpr unsigned kStepBits = 6;
  static constexpr std::uint64_t kStepsPerOctave = 1U << kStepBits;
  static constexpr unsigned kValueBits = 40;  // in nanoseconds: 18 minutes; larger values fall into the last step
  static constexpr std::size_t kCount = (kValueBits - kStepBits + 1) * kStepsPerOctave;
  static constexpr std::uint64_t kValueMax = (std::uint64_t{1} << kValueBits) - 1;

  static constexpr std::size_t of(std::uint64_t value) noexcept {
    const std::uint64_t bounded = std::min(value, kValueMax);
    // Values below 64 are their own steps; above, the leading one and the 6 bits behind it choose.
    const unsigned shift = static_cast<unsigned>(std::bit_width(bounded | (kStepsPerOctave - 1))) - kStepBits;
    if (shift == 0) return bounded;
    return (std::size_t{shift} << kStepBits) + (bounded >> (shift - 1)) - kStepsPerOctave;
  }

  // The smallest and the largest value of a step.
  static constexpr std::uint64_t first(std::size_t step) noexcept {
    const std::size_t octave = step >> kStepBits;
    if (octave == 0) return step;
    return (kStepsPerOctave + (step & (kStepsPerOctave - 1))) << (octave - 1);
  }
  static constexpr std::uint64_t last(std::size_t step) noexcept { return first(step + 1) - 1; }
};

class Histogram;

// What histograms hold, copied out: may be added up, subtracted and asked. An ordinary value.
class Distribution {
 public:
  // Takes in one histogram, or another distribution.
  void add(const Histogram& histogram);
  void add(const Distribution& other);

  // What came after `earlier`, which must be a former state of the same histograms. Minimum and maximum become those of the steps.
  Distribution since(const Distribution& earlier) const;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t sum() const noexcept { return sum_; }
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

  // The value that `percent` (0 to 100) of all samples do not exceed: sample number ceil(percent / 100 * count) in sorted order.
  // 0 if there are none.
  std::uint64_t percentile(double percent) const noexcept;

  // Samples of at most `value`, counted by whole steps: exact when `value` is the last of its step, e.g. 2^k - 1.
  std::uint64_t count_up_to(std::uint64_t value) const noexcept;

  // Samples per step: HistogramSteps::kCount of them, or none if nothing was ever added.
  const std::vector<std::uint64_t>& steps() const noexcept { return steps_; }

 private:
  std::vector<std::uint64_t> steps_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

class Histogram {
 public:
  void record(std::uint64_t value) noexcept { record(value, 1); }

  // The same value several times.
  void record(std::uint64_t value, std::uint64_t times) noexcept {
    bump(steps_[HistogramSteps::of(value)], times);
    bump(sum_, value * times);
    if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
    if (value < min_.load(std::memory_order_relaxed)) min_.store(value, std::memory_order_relaxed);
  }

  Distribution read() const {
    Distribution all;
    all.add(*this);
    return all;
  }

 private:
  friend class Distribution;
  using Cell = std::atomic<std::uint64_t>;

  static void bump(Cell& cell, std::uint64_t by) noexcept {
    cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  Cell sum_{0};
  Cell max_{0};
  Cell min_{UINT64_MAX};
  std::array<Cell, HistogramSteps::kCount> steps_{};
};

}  // namespace corering::metrics
