#include "corering/metrics/group.h"

#include <gtest/gtest.h>

namespace {

namespace metrics = corering::metrics;

TEST(Group, NamesBeginWithTheGroupsOwn) {
  metrics::Registry registry;
  metrics::Counter pushed;
  metrics::Gauge waiting;
  metrics::Histogram sizes;
  metrics::Group group(registry, "orders");
  group.add("pushed", pushed, "Items taken in");
  group.add("waiting", waiting, "Who waits");
  group.add("batch_items", sizes, "Items per batch");
  pushed.add(2);
  EXPECT_EQ(metrics::to_line(registry.snapshot()), "orders_pushed=2 orders_waiting=0");
  const auto families = registry.collect();
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[2].name, "orders_batch_items");
  EXPECT_EQ(families[2].kind, metrics::Kind::histogram);
  EXPECT_EQ(families[0].help, "Items taken in");
}

}  // namespace
