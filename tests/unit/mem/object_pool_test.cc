#include "corering/mem/object_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

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
  ObjectPool<Counted> pool(10);
  Counted* object = pool.try_borrow(lives, "a text too long for the small string buffer");
  EXPECT_EQ(lives, 1);
  EXPECT_EQ(object->text_, "a text too long for the small string buffer");
  pool.give_back(*object);
  EXPECT_EQ(lives, 0);
}

TEST(ObjectPool, PassesOnWhatCanOnlyBeMoved) {
  ObjectPool<std::unique_ptr<int>> pool(1);
  std::unique_ptr<int>* object = pool.try_borrow(std::make_unique<int>(5));
  EXPECT_EQ(**object, 5);
  pool.give_back(*object);
}

TEST(ObjectPool, LendsNoMoreThanItsMaximum) {
  constexpr std::size_t kMax = 100;  // between two slabs
  ObjectPool<int> pool(kMax);
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

TEST(ObjectPool, APoolOfNothingLendsNothing) { EXPECT_EQ(ObjectPool<int>(0).try_borrow(1), nullptr); }

TEST(ObjectPool, ReusesTheSlotThatCameBackLastAndGrowsNoFurther) {
  ObjectPool<int> pool(1'000);
  int* first = pool.try_borrow(1);
  int* second = pool.try_borrow(2);
  pool.give_back(*first);
  pool.give_back(*second);
  EXPECT_EQ(pool.try_borrow(3), second);
  EXPECT_EQ(pool.try_borrow(4), first);
  pool.give_back(*first);
  pool.give_back(*second);

  const std::size_t slots = pool.slot_count();
  for (int round = 0; round < 10'000; ++round) pool.give_back(*pool.try_borrow(round));
  EXPECT_EQ(pool.slot_count(), slots);
}

TEST(ObjectPool, KnowsHowManyAreOutAndWereAtMost) {
  ObjectPool<int> pool(10);
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
  ObjectPool<Line> pool(100);
  std::vector<Line*> lines;
  for (int count = 0; count < 100; ++count) {
    lines.push_back(pool.try_borrow());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(lines.back()) % 128, 0u);
  }
  for (Line* line : lines) pool.give_back(*line);
}

TEST(ObjectPool, SlotsOfSmallObjectsDoNotOverlap) {
  ObjectPool<char> pool(3);
  char* first = pool.try_borrow('a');
  char* second = pool.try_borrow('b');
  pool.give_back(*second);  // the slot now holds the free list's link
  char* third = pool.try_borrow('c');
  EXPECT_EQ(*first, 'a');
  EXPECT_EQ(*third, 'c');
  pool.give_back(*first);
  pool.give_back(*third);
}

TEST(ObjectPoolDeathTest, AnObjectMustNotOutliveItsPool) {
  EXPECT_DEATH(
      {
        ObjectPool<int> pool(2);
        static_cast<void>(pool.try_borrow(1));
      },
      "an object outlives its pool");
}

TEST(ObjectPoolDeathTest, MoreCannotComeBackThanWentOut) {
  EXPECT_DEATH(
      {
        ObjectPool<int> pool(2);
        int* object = pool.try_borrow(1);
        pool.give_back(*object);
        pool.give_back(*object);
      },
      "an object is given back that was not borrowed");
}

}  // namespace
