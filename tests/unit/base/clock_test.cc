#include "corering/base/clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using corering::base::Duration;
using corering::base::Instant;
using corering::base::SteadyClock;

TEST(Instant, MovesByDurationsAndMeasuresThem) {
  using namespace std::chrono_literals;
  const Instant start{1'000};
  EXPECT_EQ(start + 2us, Instant{3'000});
  EXPECT_EQ((start + 5ms) - start, Duration(5ms));
  EXPECT_EQ(start - (start + 1s), Duration(-1s));
}

TEST(Instant, IsOrderedAndNeverComesLast) {
  std::vector<Instant> instants{Instant::never(), {7}, {-3}, {0}};
  std::ranges::sort(instants);
  EXPECT_EQ(instants, (std::vector<Instant>{{-3}, {0}, {7}, Instant::never()}));
}

TEST(SteadyClock, DoesNotGoBack) {
  const SteadyClock clock;
  Instant before = clock.now();
  EXPECT_GT(before, Instant{});
  for (int reading = 0; reading < 1'000; ++reading) {
    const Instant now = clock.now();
    ASSERT_GE(now, before);
    before = now;
  }
}

// Sleeping turns and kernel time-outs are measured by CLOCK_MONOTONIC: readings must be of the same clock.
TEST(SteadyClock, IsTheKernelsMonotonicClock) {
  const auto kernel_now = [] {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return Instant{now.tv_sec * 1'000'000'000 + now.tv_nsec};
  };
  const Instant before = kernel_now();
  const Instant now = SteadyClock().now();
  const Instant after = kernel_now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

}  // namespace
