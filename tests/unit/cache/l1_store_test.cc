#include "corering/cache/l1_store.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <utility>
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

// Remembers what it was asked, and holds what the test says.
struct Holder final : corering::mem::PageHolder {
  bool holds(corering::base::ByteView) const noexcept override {
    ++questions;
    return holds_all;
  }
  mutable int questions = 0;
  bool holds_all = false;
};

TEST(L1Store, SlabsComeFromLentMemoryThenFromTheMachine) {
  corering::cache::L1Options options{.budget_bytes = 8 * 4096, .segment_bytes = 4096};
  EXPECT_EQ(L1Store::memory_bytes(options), 8u * 4096);
  const auto mapping = corering::mem::Mapping::open(10 * 4096);
  options.memory.bytes = mapping->bytes();
  auto store = std::move(*L1Store::open(options));
  const auto is_lent = [&](std::uint64_t location) {
    const std::byte* place = store->at(location);
    return place >= mapping->bytes().data() && place < mapping->bytes().data() + mapping->bytes().size();
  };
  for (int count = 0; count < 7 * 4; ++count) EXPECT_TRUE(is_lent(store->try_append(Queue::small, 1024, kNewcomer).value()));
  EXPECT_EQ(store->own_bytes(), 0u);
  ASSERT_TRUE(store->set_budget(20 * 4096));
  for (int count = 0; count < 4; ++count) EXPECT_TRUE(is_lent(store->try_append(Queue::small, 1024, kNewcomer).value()));
  EXPECT_FALSE(is_lent(store->try_append(Queue::small, 1024, kNewcomer).value())) << "two pages are no slab";
  EXPECT_EQ(store->own_bytes(), 8u * 4096);
}

// Pages beyond the budget go back, once it is the core's turn; what a ring has registered stays as it is.
TEST(L1Store, GivesPagesBackUnlessSomebodyHoldsThem) {
  for (const bool holds_all : {false, true}) {
    Holder holder;
    holder.holds_all = holds_all;
    const auto mapping = corering::mem::Mapping::open(16 * 4096);
    auto store =
        std::move(*L1Store::open({.budget_bytes = 16 * 4096, .segment_bytes = 4096, .memory = {mapping->bytes(), &holder}}));
    std::vector<std::uint64_t> locations;
    while (const auto location = store->try_append(Queue::small, 4096, kNewcomer)) locations.push_back(*location);
    ASSERT_EQ(locations.size(), 15u);
    for (const std::uint64_t location : locations) std::memset(store->at(location) + 100, 'x', 100);
    ASSERT_TRUE(store->set_budget(8 * 4096));
    for (int count = 0; count < 10; ++count) store->release(store->oldest(Queue::small));
    EXPECT_EQ(holder.questions, 0) << "a core that has borrowed the cache may be releasing";
    store->give_back();
    EXPECT_GE(holder.questions, 7);
    const std::byte byte = store->at(locations[0])[100];
    EXPECT_EQ(byte, holds_all ? std::byte{'x'} : std::byte{0});
    EXPECT_EQ(store->at(locations[14])[100], std::byte{'x'}) << "an item is never given back";
    // Used again before it was its turn: not given back.
    ASSERT_TRUE(store->set_budget(16 * 4096));
    ASSERT_TRUE(store->set_budget(8 * 4096));
    const auto again = store->try_append(Queue::small, 4096, kNewcomer);
    ASSERT_TRUE(again);
    std::memset(store->at(*again) + 100, 'y', 100);
    store->give_back();
    EXPECT_EQ(store->at(*again)[100], std::byte{'y'});
  }
}

TEST(L1Store, RefusesImpossibleSizes) {
  EXPECT_FALSE(L1Store::open({.budget_bytes = 5 * 4096, .segment_bytes = 4096}));
  EXPECT_FALSE(L1Store::open({.budget_bytes = 1 << 20, .segment_bytes = 2048}));
  EXPECT_FALSE(L1Store::open({.budget_bytes = 1 << 20, .segment_bytes = 5000}));
  EXPECT_FALSE(open(8)->set_budget(4096));
}

}  // namespace
