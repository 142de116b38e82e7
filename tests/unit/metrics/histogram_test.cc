#include "corering/metrics/histogram.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "corering/testing/random.h"

namespace {

using namespace corering::metrics;

std::uint64_t seed() {
  const char* given = std::getenv("CORERING_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("CORERING_SEED=%" PRIu64 "\n", seed);
  return seed;
}

// The value that sorting would give: the definition that percentile() is held against.
std::uint64_t sorted_percentile(const std::vector<std::uint64_t>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void expect_close(std::uint64_t found, std::uint64_t exact, double percent) {
  const auto error = static_cast<double>(found > exact ? found - exact : exact - found);
  EXPECT_LE(error, static_cast<double>(exact) / 128) << "p" << percent << " found " << found << ", exact " << exact;
}

void expect_all_close(std::vector<std::uint64_t> samples) {
  Histogram histogram;
  std::uint64_t sum = 0;
  for (const std::uint64_t sample : samples) {
    histogram.record(sample);
    sum += sample;
  }
  std::ranges::sort(samples);
  const Distribution all = histogram.read();
  EXPECT_EQ(all.count(), samples.size());
  EXPECT_EQ(all.sum(), sum);
  EXPECT_EQ(all.min(), samples.front());
  EXPECT_EQ(all.max(), samples.back());
  EXPECT_DOUBLE_EQ(all.mean(), static_cast<double>(sum) / static_cast<double>(samples.size()));
  for (const double percent : {0.0, 1.0, 50.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0}) {
    expect_close(all.percentile(percent), sorted_percentile(samples, percent), percent);
  }
}

TEST(HistogramSteps, CoverAllValuesWithoutGapsAndInOrder) {
  EXPECT_EQ(HistogramSteps::first(0), 0U);
  for (std::size_t step = 0; step + 1 < HistogramSteps::kCount; ++step) {
    ASSERT_EQ(HistogramSteps::last(step) + 1, HistogramSteps::first(step + 1));
    ASSERT_EQ(HistogramSteps::of(HistogramSteps::first(step)), step);
    ASSERT_EQ(HistogramSteps::of(HistogramSteps::last(step)), step);
  }
  EXPECT_EQ(HistogramSteps::last(HistogramSteps::kCount - 1), HistogramSteps::kValueMax);
  EXPECT_EQ(HistogramSteps::of(HistogramSteps::kValueMax), HistogramSteps::kCount - 1);
  EXPECT_EQ(HistogramSteps::of(UINT64_MAX), HistogramSteps::kCount - 1);
}

TEST(HistogramSteps, AreNeverWiderThanTheStatedError) {
  for (std::size_t step = 0; step < HistogramSteps::kCount; ++step) {
    const std::uint64_t width = HistogramSteps::last(step) - HistogramSteps::first(step) + 1;
    ASSERT_LE(width, std::max<std::uint64_t>(HistogramSteps::first(step) / 64, 1)) << step;
  }
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 0; value < 128; ++value) histogram.record(value);
  const Distribution all = histogram.read();
  EXPECT_EQ(all.percentile(50), 63U);
  EXPECT_EQ(all.percentile(25), 31U);
  EXPECT_EQ(all.percentile(100), 127U);
}

TEST(Histogram, PercentilesAgreeWithSortedSamples) {
  corering::testing::Random random(seed());
  std::vector<std::uint64_t> uniform;
  std::vector<std::uint64_t> long_tailed;
  for (int sample = 0; sample < 200'000; ++sample) {
    uniform.push_back(random.below(10'000'000));
    // Every magnitude from 1 ns to minutes equally often.
    long_tailed.push_back(random.below(std::uint64_t{2} << random.below(38)));
  }
  expect_all_close(uniform);
  expect_all_close(long_tailed);
  expect_all_close({42});
  expect_all_close({1, HistogramSteps::kValueMax});
}

TEST(Histogram, ValuesBeyondTheRangeAreCountedAndTheirMaximumIsExact) {
  Histogram histogram;
  histogram.record(10);
  histogram.record(HistogramSteps::kValueMax * 4);
  const Distribution all = histogram.read();
  EXPECT_EQ(all.count(), 2U);
  EXPECT_EQ(all.max(), HistogramSteps::kValueMax * 4);
  EXPECT_EQ(all.percentile(99), HistogramSteps::kValueMax * 4);
}

TEST(Histogram, AnEmptyOneAnswersZero) {
  const Distribution nothing = Histogram().read();
  EXPECT_EQ(nothing.count(), 0U);
  EXPECT_EQ(nothing.min(), 0U);
  EXPECT_EQ(nothing.max(), 0U);
  EXPECT_EQ(nothing.percentile(99), 0U);
  EXPECT_EQ(nothing.mean(), 0);
}

TEST(Histogram, RecordsAValueSeveralTimesAtOnce) {
  Histogram one_by_one;
  Histogram at_once;
  for (int time = 0; time < 5; ++time) one_by_one.record(700);
  at_once.record(700, 5);
  EXPECT_EQ(one_by_one.read().steps(), at_once.read().steps());
  EXPECT_EQ(at_once.read().sum(), 3500U);
}

TEST(Distribution, OfSeveralCoresIsTheSumOfTheirs) {
  corering::testing::Random random(seed());
  Histogram cores[3];
  Histogram together;
  for (int sample = 0; sample < 3000; ++sample) {
    const std::uint64_t value = random.below(1'000'000);
    cores[sample % 3].record(value);
    together.record(value);
  }
  Distribution merged;
  for (const Histogram& core : cores) merged.add(core);
  Distribution again;
  again.add(Distribution());
  again.add(merged);
  for (const Distribution& all : {merged, again}) {
    EXPECT_EQ(all.steps(), together.read().steps());
    EXPECT_EQ(all.count(), 3000U);
    EXPECT_EQ(all.sum(), together.read().sum());
    EXPECT_EQ(all.min(), together.read().min());
    EXPECT_EQ(all.max(), together.read().max());
  }
}

TEST(Distribution, SinceIsWhatCameInBetween) {
  Histogram histogram;
  histogram.record(5);
  histogram.record(1'000'000);
  const Distribution before = histogram.read();
  histogram.record(2000);
  histogram.record(3000);
  const Distribution between = histogram.read().since(before);
  EXPECT_EQ(between.count(), 2U);
  EXPECT_EQ(between.sum(), 5000U);
  expect_close(between.min(), 2000, 0);
  expect_close(between.percentile(50), 2000, 50);
  EXPECT_LE(between.max(), 3000 + 3000 / 64);
  EXPECT_GE(between.max(), 3000U);
  EXPECT_EQ(histogram.read().since(Distribution()).count(), 4U);
}

TEST(Distribution, CountsUpToThePowersOfTwoExactly) {
  Histogram histogram;
  for (const std::uint64_t value : {1023, 1024, 1025, 2047, 2048}) histogram.record(value);
  const Distribution all = histogram.read();
  EXPECT_EQ(all.count_up_to(1023), 1U);
  EXPECT_EQ(all.count_up_to(2047), 4U);
  EXPECT_EQ(all.count_up_to(4095), 5U);
  EXPECT_EQ(Distribution().count_up_to(10), 0U);
}

TEST(Histogram, MayBeReadWhileItsCoreRecords) {
  Histogram histogram;
  std::atomic<bool> done{false};
  std::thread core([&] {
    for (std::uint64_t value = 0; value < 100'000; ++value) histogram.record(value);
    done = true;
  });
  std::uint64_t seen = 0;
  while (!done) {
    const std::uint64_t count = histogram.read().count();
    EXPECT_GE(count, seen);
    seen = count;
  }
  core.join();
  EXPECT_EQ(histogram.read().count(), 100'000U);
}

}  // namespace
