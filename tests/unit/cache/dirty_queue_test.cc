#include "corering/cache/dirty_queue.h"

#include <gtest/gtest.h>

namespace {

using corering::cache::DirtyQueue;
using corering::cache::kLocationMax;
using corering::cache::Tier;

TEST(DirtyQueue, IsFirstInFirstOut) {
  DirtyQueue queue;
  queue.push(UINT64_MAX, Tier::l1, kLocationMax);
  queue.push(2, Tier::log, 0);
  EXPECT_EQ(queue.front().hash, UINT64_MAX);
  EXPECT_EQ(queue.front().tier, Tier::l1);
  EXPECT_EQ(queue.front().location, kLocationMax);
  queue.pop();
  EXPECT_EQ(queue.front().tier, Tier::log);
  EXPECT_EQ(queue.front().location, 0u);
}

TEST(DirtyQueue, NumbersWhatPassesThrough) {
  DirtyQueue queue;
  queue.push(1, Tier::l1, 1);
  const std::uint64_t end = queue.pushed();
  queue.push(2, Tier::l1, 2);
  EXPECT_LT(queue.popped(), end);
  queue.pop();
  EXPECT_EQ(queue.popped(), end);
  EXPECT_EQ(queue.count(), 1u);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.popped(), queue.pushed());
}

}  // namespace
