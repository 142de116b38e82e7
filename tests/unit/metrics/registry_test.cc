#include "corering/metrics/registry.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <thread>

namespace {

namespace metrics = corering::metrics;

TEST(Registry, AddsUpTheCoresUnderOneName) {
  metrics::Counter accepted[3];
  metrics::Gauge open[2];
  metrics::Registry registry;
  for (const metrics::Counter& counter : accepted) registry.add("accepted", counter);
  for (const metrics::Gauge& gauge : open) registry.add("open", gauge);
  accepted[0].add(5);
  accepted[2].add(7);
  open[0].set(2);
  open[1].set(3);
  EXPECT_EQ(metrics::to_line(registry.snapshot()), "accepted=12 open=5");
  open[0].set(0);
  EXPECT_EQ(metrics::value_of(registry.snapshot(), "open"), 3u);
}

TEST(Registry, KeepsTheOrderInWhichNamesCameFirst) {
  metrics::Counter counter;
  metrics::Registry registry;
  for (const char* name : {"turns", "accepted", "closed", "accepted", "turns", "a"}) registry.add(name, counter);
  EXPECT_EQ(metrics::to_line(registry.snapshot()), "turns=0 accepted=0 closed=0 a=0");
}

TEST(Registry, ASnapshotStandsStillWhileTheCounterGoesOn) {
  metrics::Counter counter;
  metrics::Registry registry;
  registry.add("turns", counter);
  counter.add(3);
  const metrics::Snapshot snapshot = registry.snapshot();
  counter.add(4);
  EXPECT_EQ(metrics::value_of(snapshot, "turns"), 3u);
  EXPECT_EQ(metrics::value_of(registry.snapshot(), "turns"), 7u);
}

TEST(RegistryDeathTest, NamesAreComparedWholeAndUnknownOnesAreRefused) {
  metrics::Counter counter;
  metrics::Registry registry;
  registry.add("closed", counter);
  counter.add(9);
  EXPECT_DEATH(metrics::value_of(registry.snapshot(), "close"), "nobody registered");
  EXPECT_DEATH(metrics::value_of(registry.snapshot(), "closed_late"), "nobody registered");
  EXPECT_EQ(metrics::to_line(metrics::Registry().snapshot()), "");
}

TEST(Registry, TheNameMayBeATemporary) {
  metrics::Counter counter;
  metrics::Registry registry;
  registry.add(std::string("a_name_too_long_for_the_small_string_buffer"), counter);
  registry.add(std::string("another_name_as_long_as_the_one_before_it_"), counter);
  EXPECT_EQ(registry.snapshot()[0].name, "a_name_too_long_for_the_small_string_buffer");
}

TEST(Registry, IsReadWhileCoresRegisterAndCount) {
  constexpr int kSeries = 200;
  metrics::Registry registry;
  std::deque<metrics::Counter> counters[2];
  for (auto& own : counters) own.resize(kSeries);
  {
    std::vector<std::jthread> cores;
    for (auto& own : counters) {
      cores.emplace_back([&registry, &own] {
        for (int index = 0; index < kSeries; ++index) {
          registry.add("series_" + std::to_string(index), own[static_cast<std::size_t>(index)]);
          own[static_cast<std::size_t>(index)].add(static_cast<std::uint64_t>(index));
        }
      });
    }
    for (std::size_t names = 0; names < kSeries;) {
      const metrics::Snapshot snapshot = registry.snapshot();
      ASSERT_GE(snapshot.size(), names);
      names = snapshot.size();
    }
  }
  const metrics::Snapshot snapshot = registry.snapshot();
  ASSERT_EQ(snapshot.size(), std::size_t{kSeries});
  for (int index = 0; index < kSeries; ++index) {
    EXPECT_EQ(metrics::value_of(snapshot, "series_" + std::to_string(index)), static_cast<std::uint64_t>(2 * index));
  }
}

}  // namespace
