// As in a debug build, so that these checks are tested in every build.
#define CORERING_CHECKED

#include "corering/mem/object_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "corering/testing/random.h"

namespace {

using corering::mem::ObjectPool;

// Counts its lives, to see that the pool constructs and destroys.
struct Counted {
  Counted(int& lives, std::string text) : lives_(lives), text_(std::move(text)) { ++lives_; }
  ~Counted() { --lives_; }

  int& lives_;
  std::string text_;
};

TEST(ObjectPool, ConstructsAndDestroysWhatItLends) {
  int lives = 0;
  ObjectPool<Counted> pool({});
  Counted* object = pool.try_borrow(lives, "a text too long for the small string buffer");
  EXPECT_EQ(lives, 1);
  EXPECT_EQ(object->text_, "a text too long for the small string buffer");
  pool.give_back(*object);
  EXPECT_EQ(lives, 0);
}

TEST(ObjectPool, PassesOnWhatCanOnlyBeMoved) {
  ObjectPool<std::unique_ptr<int>> pool({.live_max = 1});
  std::unique_ptr<int>* object = pool.try_borrow(std::make_unique<int>(5));
  EXPECT_EQ(**object, 5);
  pool.give_back(*object);
}

TEST(ObjectPool, LendsNoMoreThanItsMaximum) {
  constexpr std::size_t kMax = 100;
  ObjectPool<int> pool({.live_max = kMax});
  std::vector<int*> objects;
  std::set<int*> places;
  for (std::size_t index = 0; index < kMax; ++index) {
    objects.push_back(pool.try_borrow(static_cast<int>(index)));
    ASSERT_NE(objects.back(), nullptr);
    places.insert(objects.back());
  }
  EXPECT_EQ(places.size(), kMax);
  EXPECT_EQ(pool.try_borrow(0), nullptr);
  for (std::size_t index = 0; index < kMax; ++index) EXPECT_EQ(*objects[index], static_cast<int>(index));

  pool.give_back(*objects.back());
  objects.back() = pool.try_borrow(1);
  EXPECT_NE(objects.back(), nullptr);
  EXPECT_EQ(pool.try_borrow(0), nullptr);
  for (int* object : objects) pool.give_back(*object);
}

TEST(ObjectPool, APoolOfNothingLendsNothing) { EXPECT_EQ(ObjectPool<int>({.live_max = 0}).try_borrow(1), nullptr); }

TEST(ObjectPool, ReusesThePlaceThatCameBackLastAndGrowsNoFurther) {
  ObjectPool<int> pool({.live_max = 1'000});
  int* first = pool.try_borrow(1);
  int* second = pool.try_borrow(2);
  pool.give_back(*first);
  pool.give_back(*second);
  EXPECT_EQ(pool.try_borrow(3), second);
  EXPECT_EQ(pool.try_borrow(4), first);
  pool.give_back(*first);
  pool.give_back(*second);

  const std::size_t places = pool.size();
  for (int round = 0; round < 10'000; ++round) pool.give_back(*pool.try_borrow(round));
  EXPECT_EQ(pool.size(), places);
  EXPECT_EQ(pool.counters().misses.value(), 1u);
}

// More than the rack holds: the rest goes through the stack, in the same order.
TEST(ObjectPool, KeepsTheOrderOfHundreds) {
  ObjectPool<int> pool({});
  std::vector<int*> objects;
  for (int index = 0; index < 500; ++index) objects.push_back(pool.try_borrow(index));
  for (int* object : objects) pool.give_back(*object);
  const std::uint64_t misses = pool.counters().misses.value();
  for (std::size_t index = objects.size(); index > 0; --index) ASSERT_EQ(pool.try_borrow(0), objects[index - 1]) << index;
  EXPECT_EQ(pool.counters().misses.value(), misses);
  EXPECT_EQ(pool.live_max(), 500u);
  for (int* object : objects) pool.give_back(*object);
}

TEST(ObjectPool, KnowsHowManyAreOutAndWereAtMost) {
  ObjectPool<int> pool({.live_max = 10});
  int* first = pool.try_borrow(1);
  int* second = pool.try_borrow(2);
  int* third = pool.try_borrow(3);
  pool.give_back(*second);
  pool.give_back(*third);
  EXPECT_EQ(pool.live(), 1u);
  second = pool.try_borrow(4);
  EXPECT_EQ(pool.live(), 2u);
  EXPECT_EQ(pool.live_max(), 3u);
  pool.give_back(*first);
  pool.give_back(*second);
}

TEST(ObjectPool, HonoursTheAlignmentOfItsObjects) {
  struct alignas(128) Line {
    char byte = 0;
  };
  ObjectPool<Line> pool({.live_max = 100});
  std::vector<Line*> lines;
  for (int count = 0; count < 100; ++count) {
    lines.push_back(pool.try_borrow());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(lines.back()) % 128, 0u);
  }
  for (Line* line : lines) pool.give_back(*line);
}

TEST(ObjectPool, PlacesOfSmallObjectsDoNotOverlap) {
  ObjectPool<char> pool({.live_max = 3});
  char* first = pool.try_borrow('a');
  char* second = pool.try_borrow('b');
  pool.give_back(*second);  // the place now holds the hook of the free list
  char* third = pool.try_borrow('c');
  EXPECT_EQ(*first, 'a');
  EXPECT_EQ(*third, 'c');
  pool.give_back(*first);
  pool.give_back(*third);
}

TEST(ObjectPool, CountsHitsMissesAndReturns) {
  ObjectPool<int> pool({.live_max = 2});
  int* first = pool.try_borrow(1);
  int* second = pool.try_borrow(2);
  EXPECT_EQ(pool.try_borrow(3), nullptr);
  EXPECT_EQ(pool.size(), 0u);
  pool.give_back(*first);
  pool.give_back(*second);
  EXPECT_EQ(pool.size(), 2u);
  for (int round = 0; round < 6; ++round) pool.give_back(*pool.try_borrow(round));

  EXPECT_EQ(pool.counters().misses.value(), 1u) << "the first borrow took both places from the heap";
  EXPECT_EQ(pool.counters().hits(), 7u);
  EXPECT_EQ(pool.counters().refused.value(), 1u);
  EXPECT_EQ(pool.counters().returned(), 8u);
  EXPECT_EQ(pool.counters().dropped.value(), 0u);
  EXPECT_EQ(pool.hit_rate(), 0.875);
}

// By hand, by a handle that dies, that is assigned to, that is reset: no way keeps more than the maximum.
TEST(ObjectPool, KeepsNoMoreThanItsMaximumOnEveryWayBack) {
  ObjectPool<int> pool({.idle_max = 2});
  const auto dropped = [&pool] { return pool.counters().dropped.value(); };
  std::vector<int*> borrowed;
  for (int index = 0; index < 10; ++index) borrowed.push_back(pool.try_borrow(index));
  for (int* object : borrowed) pool.give_back(*object);
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_GE(dropped(), 8u);
  std::uint64_t before = dropped();
  {
    const auto first = pool.try_lend(1);
    const auto second = pool.try_lend(2);
    const auto third = pool.try_lend(3);
  }
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_GT(dropped(), before);
  before = dropped();
  {
    auto first = pool.try_lend(1);
    auto second = pool.try_lend(2);
    auto third = pool.try_lend(3);
    auto fourth = pool.try_lend(4);
    first.reset();
    EXPECT_LE(pool.size(), 2u);
    second = {};
    EXPECT_LE(pool.size(), 2u);
    third = std::move(fourth);
  }
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_GT(dropped(), before);
  EXPECT_EQ(pool.live(), 0u);
}

TEST(ObjectPool, WhatIsDroppedGoesBackToTheHeapOfItsRoom) {
  corering::mem::Heap heap;
  const corering::mem::Heap::Use use(heap);
  const auto& account = heap.account(corering::mem::Room::flow);
  const auto live_bytes = [&] { return account.allocated_bytes.value() - account.released_bytes.value(); };
  ObjectPool<std::uint64_t> pool({.idle_max = 1, .room = corering::mem::Room::flow});
  auto* first = pool.try_borrow(1u);
  auto* second = pool.try_borrow(2u);
  EXPECT_EQ(live_bytes(), 2 * (sizeof(std::uint64_t) + 8));
  pool.give_back(*first);
  pool.give_back(*second);
  EXPECT_EQ(live_bytes(), sizeof(std::uint64_t) + 8);
  pool.clear();
  EXPECT_EQ(live_bytes(), 0u);
}

TEST(ObjectPool, ClearGivesUpWhatIsIdleAndNothingElse) {
  ObjectPool<int> pool({});
  int* kept = pool.try_borrow(7);
  pool.give_back(*pool.try_borrow(8));
  pool.clear();
  EXPECT_EQ(pool.size(), 0u);
  EXPECT_EQ(pool.live(), 1u);
  EXPECT_EQ(*kept, 7);
  pool.give_back(*kept);
  EXPECT_EQ(pool.size(), 1u);
}

TEST(ObjectPool, PreparedForAsManyItMissesNone) {
  ObjectPool<int> pool({.idle_max = 10});
  EXPECT_TRUE(pool.try_prepare(10));
  EXPECT_FALSE(pool.try_prepare(11));
  EXPECT_EQ(pool.size(), 10u);
  std::vector<ObjectPool<int>::Handle> handles;
  for (int index = 0; index < 10; ++index) handles.push_back(pool.try_lend(index));
  EXPECT_EQ(pool.counters().misses.value(), 0u);
  EXPECT_EQ(*handles[3], 3);
}

TEST(ObjectPool, AHandleGivesBackWhenItDies) {
  int lives = 0;
  ObjectPool<Counted> pool({.live_max = 1});
  {
    auto handle = pool.try_lend(lives, "text");
    ASSERT_TRUE(handle);
    EXPECT_EQ(handle->text_, "text");
    EXPECT_EQ(lives, 1);
    EXPECT_FALSE(pool.try_lend(lives, "no room"));
    const auto moved = std::move(handle);
    EXPECT_EQ(lives, 1);
  }
  EXPECT_EQ(lives, 0);
  Counted& object = pool.try_lend(lives, "released").release();
  EXPECT_EQ(lives, 1);
  pool.give_back(object);
  EXPECT_EQ(lives, 0);
}

TEST(ObjectPool, ARefKnowsThatItsBorrowHasEnded) {
  ObjectPool<int> pool({});
  int* first = pool.try_borrow(1);
  const auto ref = pool.ref(*first);
  EXPECT_EQ(ref.try_get(), first);
  EXPECT_EQ(*ref, 1);
  pool.give_back(*first);
  EXPECT_TRUE(ref.is_stale());
  int* second = pool.try_borrow(2);
  EXPECT_EQ(second, first) << "the same place";
  EXPECT_EQ(ref.try_get(), nullptr) << "another borrow";
  EXPECT_EQ(*pool.ref(*second), 2);
  pool.give_back(*second);
  EXPECT_TRUE(ObjectPool<int>::Ref().is_stale());
}

TEST(ObjectPool, ObjectsMayGiveBackOthersWhenTheyDie) {
  struct Node {
    ObjectPool<Node>* pool;
    Node* next;
    Node(ObjectPool<Node>* home, Node* after) : pool(home), next(after) {}
    ~Node() {
      if (next != nullptr) pool->give_back(*next);
    }
  };
  ObjectPool<Node> pool({});
  Node* chain = nullptr;
  for (int index = 0; index < 10; ++index) chain = pool.try_borrow(&pool, chain);
  pool.give_back(*chain);
  EXPECT_EQ(pool.live(), 0u);
  EXPECT_GE(pool.size(), 10u);
}

// Random borrows and returns, now more of these and now of those, beside a plain set: never two at one place, never more than the
// maxima, every value untouched, the place that came back last lent first.
TEST(ObjectPool, BehavesLikeASetOnEverySeed) {
  const char* given = std::getenv("CORERING_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}() * std::uint64_t{1'000};
  const std::uint64_t count = given != nullptr ? 1 : 20;
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + count - 1));
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("CORERING_SEED=" + std::to_string(seed));
    corering::testing::Random random(seed);
    const std::size_t live_max = random.between(1, 300);
    const std::size_t idle_max = random.between(0, 300);
    ObjectPool<std::uint64_t> pool({.live_max = live_max, .idle_max = idle_max});
    std::map<std::uint64_t*, std::uint64_t> out;
    std::vector<std::uint64_t*> kept;  // that came back, the last at the end
    std::uint64_t returns = 0;
    std::size_t out_max = 0;
    for (int step = 0; step < 4'000; ++step) {
      if (random.chance(2)) {
        pool.clear();
        kept.clear();
      } else if (random.chance(step / 400 % 2 == 0 ? 800 : 200)) {
        auto* object = pool.try_borrow(std::uint64_t{random.next()});
        ASSERT_EQ(object == nullptr, out.size() == live_max);
        if (object != nullptr) {
          ASSERT_TRUE(out.emplace(object, *object).second);
          out_max = std::max(out_max, out.size());
          if (!kept.empty()) {
            ASSERT_EQ(object, kept.back());
            kept.pop_back();
          }
        }
      } else if (!out.empty()) {
        const auto chosen = std::next(out.begin(), static_cast<std::ptrdiff_t>(random.below(out.size())));
        ASSERT_EQ(*chosen->first, chosen->second);
        if (pool.size() < idle_max) kept.push_back(chosen->first);
        pool.give_back(*chosen->first);
        out.erase(chosen);
        ++returns;
      }
      ASSERT_EQ(pool.live(), out.size());
      ASSERT_EQ(pool.live_max(), out_max);
      ASSERT_LE(pool.size(), idle_max);
      ASSERT_GE(pool.size(), kept.size());
      ASSERT_EQ(pool.counters().returned() + pool.counters().dropped.value(), returns);
      ASSERT_EQ(pool.counters().hits() + pool.counters().misses.value(), returns + out.size());
    }
    for (const auto& [object, value] : out) pool.give_back(*object);
  }
}

TEST(ObjectPoolDeathTest, AnObjectMustNotOutliveItsPool) {
  EXPECT_DEATH(
      {
        ObjectPool<int> pool({.live_max = 2});
        static_cast<void>(pool.try_borrow(1));
      },
      "an object outlives its pool");
}

TEST(ObjectPoolDeathTest, NothingComesBackTwice) {
  EXPECT_DEATH(
      {
        ObjectPool<int> pool({.live_max = 2});
        int* other = pool.try_borrow(2);
        int* object = pool.try_borrow(1);
        EXPECT_EQ(pool.live(), 2u);
        static_cast<void>(other);
        pool.give_back(*object);
        pool.give_back(*object);
      },
      "an object is given back that was not borrowed");
}

TEST(ObjectPoolDeathTest, UseAfterReturnIsCaughtByItsGeneration) {
  ObjectPool<int> pool({});
  int* object = pool.try_borrow(1);
  const auto ref = pool.ref(*object);
  pool.give_back(*object);
  EXPECT_DEATH(static_cast<void>(*ref), "a pooled object is used after it was given back");
  object = pool.try_borrow(2);  // the place has somebody new
  EXPECT_DEATH(static_cast<void>(ref.get()), "a pooled object is used after it was given back");
  pool.give_back(*object);
  EXPECT_DEATH(
      {
        const auto handle = pool.try_lend(3);
        pool.give_back(*handle);  // behind the back of its owner, who gives it back as well
      },
      "a pooled object is used after it was given back");
}

#if defined(__SANITIZE_ADDRESS__)
TEST(ObjectPoolDeathTest, UseAfterReturnIsSeenByTheSanitizer) {
  ObjectPool<std::uint64_t> pool({});
  auto* object = pool.try_borrow(1u);
  pool.give_back(*object);
  EXPECT_DEATH(*static_cast<volatile std::uint64_t*>(object) = 2, "use-after-poison");
}
#endif

}  // namespace
