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

TEST(Registry, KeepsLabelsApartAndAddsUpWhatHasTheSame) {
  metrics::Counter counters[3];
  metrics::Registry registry;
  registry.add({"calls", "Calls", {{"command", "get"}}}, counters[0]);
  registry.add({"calls", "Calls", {{"command", "set"}}}, counters[1]);
  registry.add({"calls", "Calls", {{"command", "get"}}}, counters[2]);
  for (std::uint64_t index = 0; index < 3; ++index) counters[index].add(index + 1);
  const std::vector<metrics::Family> families = registry.collect();
  ASSERT_EQ(families.size(), 1U);
  ASSERT_EQ(families[0].series.size(), 2U);
  EXPECT_EQ(families[0].help, "Calls");
  EXPECT_EQ(families[0].series[0].labels, (metrics::Labels{{"command", "get"}}));
  EXPECT_EQ(families[0].series[0].value, 4U);
  EXPECT_EQ(families[0].series[1].value, 2U);
  EXPECT_EQ(metrics::value_of(registry.snapshot(), "calls"), 6U);
}

TEST(Registry, OfACoreGivesItsLabelsToEverything) {
  metrics::Counter calls[2];
  metrics::Registry all;
  metrics::Registry core0(all, {{"core", "0"}});
  metrics::Registry core1(all, {{"core", "1"}});
  core0.add("calls", calls[0], "Calls");
  core1.add({"calls", "Calls", {{"command", "get"}}}, calls[1]);
  calls[0].add(1);
  calls[1].add(2);
  const std::vector<metrics::Family> families = all.collect();
  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].series[0].labels, (metrics::Labels{{"core", "0"}}));
  EXPECT_EQ(families[0].series[1].labels, (metrics::Labels{{"core", "1"}, {"command", "get"}}));
  EXPECT_EQ(metrics::value_of(core0.snapshot(), "calls"), 3U) << "a core's registry reads what its parent has";
}

TEST(Registry, CollectsHistogramsMergedAndLeavesThemOutOfSnapshots) {
  metrics::Histogram cores[2];
  metrics::Registry registry;
  for (const metrics::Histogram& core : cores) registry.add("turn_ns", core, "Turns");
  cores[0].record(10);
  cores[1].record(30);
  EXPECT_TRUE(registry.snapshot().empty());
  const std::vector<metrics::Family> families = registry.collect();
  EXPECT_EQ(families[0].kind, metrics::Kind::histogram);
  EXPECT_EQ(families[0].series[0].distribution.count(), 2U);
  EXPECT_EQ(families[0].series[0].distribution.max(), 30U);
}

TEST(RegistryDeathTest, ANameIsOfOneKind) {
  metrics::Counter counter;
  metrics::Gauge gauge;
  metrics::Registry registry;
  registry.add("open", counter);
  EXPECT_DEATH(registry.add("open", gauge), "another kind");
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
