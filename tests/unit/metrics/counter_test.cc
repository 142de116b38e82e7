#include "corering/metrics/counter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace {

using corering::metrics::Counter;
using corering::metrics::Gauge;

// The promise that replaces locks: one core writes while any thread reads, and no reader ever sees the number shrink.
TEST(Counter, ReadersOnOtherThreadsSeeItOnlyGrowUpToTheExactSum) {
  constexpr std::uint64_t kRounds = 20'000;
  Counter counter;
  std::atomic<bool> done = false;
  std::jthread owner([&] {
    for (std::uint64_t round = 0; round < kRounds; ++round) counter.add(round % 3);
    done.store(true, std::memory_order_release);
  });
  std::uint64_t before = 0;
  for (bool last = false; !last;) {
    last = done.load(std::memory_order_acquire);
    const std::uint64_t now = counter.value();
    ASSERT_GE(now, before);
    before = now;
  }
  std::uint64_t sum = 0;
  for (std::uint64_t round = 0; round < kRounds; ++round) sum += round % 3;
  EXPECT_EQ(before, sum);
}

TEST(Counter, CountsOneUnlessToldOtherwise) {
  Counter counter;
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
}

TEST(Gauge, ReadersSeeOnlyValuesThatWereSet) {
  constexpr std::uint64_t kLow = 0x1111'1111'1111'1111;
  constexpr std::uint64_t kHigh = 0xeeee'eeee'eeee'eeee;
  Gauge gauge;
  gauge.set(kLow);
  std::atomic<bool> done = false;
  std::jthread owner([&] {
    for (int round = 0; round < 20'000; ++round) gauge.set(round % 2 == 0 ? kHigh : kLow);
    done.store(true, std::memory_order_release);
  });
  while (!done.load(std::memory_order_acquire)) {
    const std::uint64_t value = gauge.value();
    ASSERT_TRUE(value == kLow || value == kHigh) << value;
  }
  EXPECT_EQ(gauge.value(), kLow);
}

TEST(Counter, CatchesUpWithATotalKeptElsewhereAndNeverGoesBack) {
  corering::metrics::Counter counter;
  counter.catch_up(10);
  counter.catch_up(7);
  EXPECT_EQ(counter.value(), 10u);
  counter.catch_up(12);
  EXPECT_EQ(counter.value(), 12u);
}

}  // namespace
