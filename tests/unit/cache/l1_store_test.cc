#include "corering/cache/l1_store.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace {

using corering::cache::L1Store;
using corering::cache::L1Word;
using corering::cache::Pin;
using corering::cache::Queue;

constexpr auto kNewcomer = L1Store::Claim::newcomer;

std::unique_ptr<L1Store> open(std::size_t segments) {
  auto store = L1Store::open({.budget_bytes = segments * 4096, .segment_bytes = 4096});
  EXPECT_TRUE(store);
  return std::move(*store);
}

TEST(L1Store, AppendsOneBehindTheOther) {
  auto store = open(8);
  const auto first = store->try_append(Queue::small, 101, kNewcomer);
  const auto second = store->try_append(Queue::small, 50, kNewcomer);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(store->at(*second) - store->at(*first), 104);
  EXPECT_EQ(L1Word::of(store->at(*first)).span_bytes(), 104u);
  EXPECT_EQ(store->live_bytes(), 156u);
  EXPECT_EQ(store->live_count(Queue::small), 2u);
  store->kill(*first);
  EXPECT_EQ(store->live_bytes(), 52u);
  store->revive(*first);
  EXPECT_EQ(store->live_bytes(), 156u);
}

TEST(L1Store, KeepsTheLastSegmentForSurvivors) {
  auto store = open(8);
  std::size_t appended = 0;
  while (store->try_append(Queue::small, 1024, kNewcomer)) ++appended;
  EXPECT_EQ(appended, 7u * 4);
  EXPECT_FALSE(store->has_room(Queue::main, 1024, kNewcomer));
  EXPECT_TRUE(store->try_append(Queue::main, 1024, L1Store::Claim::survivor));
  EXPECT_EQ(store->segments_free(), 0);
}

TEST(L1Store, QueuesAreInOrderOfAge) {
  auto store = open(10);
  for (int count = 0; count < 12; ++count) ASSERT_TRUE(store->try_append(Queue::small, 1024, kNewcomer));
  std::vector<std::uint32_t> order;
  for (std::uint32_t number = store->oldest(Queue::small); number != L1Store::kNone; number = store->segment(number).next)
    order.push_back(number);
  EXPECT_EQ(order.size(), 3u);
  store->release(order[1]);
  EXPECT_EQ(store->segment(order[0]).next, order[2]);
  EXPECT_EQ(store->segment_count(Queue::small), 2u);
  store->release(order[2]);
  EXPECT_EQ(store->newest(Queue::small), order[0]);
  // The newest was released: what comes next opens another.
  const auto next = store->try_append(Queue::small, 1024, kNewcomer);
  EXPECT_NE(store->number_of(*next), order[0]);
}

TEST(L1Store, APinnedSegmentIsNotReused) {
  auto store = open(8);
  const auto location = store->try_append(Queue::small, 100, kNewcomer);
  const std::uint32_t number = store->number_of(*location);
  {
    const Pin pin = store->pin(*location);
    store->release(number);
    EXPECT_EQ(store->segments_in_use(), 1u);
    for (int count = 0; count < 8; ++count) {
      const auto other = store->try_append(Queue::small, 4096, kNewcomer);
      if (other) {
        EXPECT_NE(store->number_of(*other), number);
      }
    }
    store->release_all();
  }
  EXPECT_EQ(store->segments_in_use(), 0u);
}

TEST(L1Store, OutsideBytesCountAgainstTheBudget) {
  auto store = open(10);
  store->set_outside_bytes(3 * 4096 + 1);
  EXPECT_EQ(store->segment_limit(), 6u);
  store->set_outside_bytes(100 * 4096);
  EXPECT_EQ(store->segment_limit(), 0u);
  EXPECT_FALSE(store->try_append(Queue::small, 100, L1Store::Claim::survivor));
}

TEST(L1Store, RefusesImpossibleSizes) {
  EXPECT_FALSE(L1Store::open({.budget_bytes = 5 * 4096, .segment_bytes = 4096}));
  EXPECT_FALSE(L1Store::open({.budget_bytes = 1 << 20, .segment_bytes = 2048}));
  EXPECT_FALSE(L1Store::open({.budget_bytes = 1 << 20, .segment_bytes = 5000}));
  EXPECT_FALSE(open(8)->set_budget(4096));
}

}  // namespace
