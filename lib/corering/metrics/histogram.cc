#include "corering/metrics/histogram.h"

#include <cmath>

#include "corering/base/assert.h"

namespace corering::metrics {

void Distribution::add(const Histogram& histogram) {
  steps_.resize(HistogramSteps::kCount);
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    const std::uint64_t samples = histogram.steps_[step].load(std::memory_order_relaxed);
    steps_[step] += samples;
    count_ += samples;
  }
  sum_ += histogram.sum_.load(std::memory_order_relaxed);
  min_ = std::min(min_, histogram.min_.load(std::memory_order_relaxed));
  max_ = std::max(max_, histogram.max_.load(std::memory_order_relaxed));
}

void Distribution::add(const Distribution& other) {
  if (other.steps_.empty()) return;
  steps_.resize(HistogramSteps::kCount);
  for (std::size_t step = 0; step < steps_.size(); ++step) steps_[step] += other.steps_[step];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Distribution Distribution::since(const Distribution& earlier) const {
  if (earlier.steps_.empty()) return *this;
  Distribution between;
  between.steps_.resize(HistogramSteps::kCount);
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    CORERING_ASSERT(steps_[step] >= earlier.steps_[step], "a distribution is subtracted that is no former state of this one");
    const std::uint64_t samples = steps_[step] - earlier.steps_[step];
    if (samples == 0) continue;
    between.steps_[step] = samples;
    between.count_ += samples;
    between.min_ = std::min(between.min_, std::max(HistogramSteps::first(step), min_));
    between.max_ = std::min(HistogramSteps::last(step), max_);
  }
  between.sum_ = sum_ - earlier.sum_;
  return between;
}

std::uint64_t Distribution::percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  const double share = std::clamp(percent, 0.0, 100.0) / 100;
  const auto rank =
      std::clamp(static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))), std::uint64_t{1}, count_);
  // The ends are known exactly, and a value beyond the last step only there.
  if (rank == count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    seen += steps_[step];
    if (seen < rank) continue;
    const std::uint64_t first = HistogramSteps::first(step);
    return std::clamp(first + (HistogramSteps::last(step) - first) / 2, min_, max_);
  }
  return max_;
}

std::uint64_t Distribution::count_up_to(std::uint64_t value) const noexcept {
  std::uint64_t seen = 0;
  for (std::size_t step = 0; step < steps_.size() && HistogramSteps::last(step) <= value; ++step) seen += steps_[step];
  return seen;
}

}  // namespace corering::metrics
