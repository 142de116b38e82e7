#include "corering/mem/pool_counters.h"

#include <gtest/gtest.h>

namespace {

using corering::mem::PoolCounters;

TEST(PoolCounters, TheHitRateIsOfGrantedBorrows) {
  PoolCounters counters;
  EXPECT_EQ(counters.hit_rate(), 1.0) << "nothing was missed";
  counters.borrows.add();
  counters.misses.add();
  EXPECT_EQ(counters.hit_rate(), 0.0);
  counters.borrows.add(3);
  EXPECT_EQ(counters.hits(), 3u);
  EXPECT_EQ(counters.hit_rate(), 0.75);
  counters.refused.add(100);
  EXPECT_EQ(counters.hit_rate(), 0.75);
}

TEST(PoolCounters, TheRegistryAddsThemUpOverCores) {
  PoolCounters cores[2];
  corering::metrics::Registry registry;
  for (const PoolCounters& core : cores) core.register_metrics(registry, "slices");
  cores[0].borrows.add(1);
  cores[1].borrows.add(2);
  cores[1].dropped.add(5);
  cores[0].live_max.set(7);
  const auto snapshot = registry.snapshot();
  EXPECT_EQ(corering::metrics::value_of(snapshot, "pool_slices_borrows"), 3u);
  EXPECT_EQ(corering::metrics::value_of(snapshot, "pool_slices_dropped"), 5u);
  EXPECT_EQ(corering::metrics::value_of(snapshot, "pool_slices_live_max"), 7u);
  for (const char* name : {"pool_slices_misses", "pool_slices_refused", "pool_slices_returns"}) {
    EXPECT_EQ(corering::metrics::value_of(snapshot, name), 0u) << name;
  }
}

}  // namespace
