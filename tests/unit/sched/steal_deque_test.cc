#include "corering/sched/steal_deque.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace {

using corering::sched::Steal;
using corering::sched::StealDeque;

std::uint64_t seed() {
  const char* text = std::getenv("CORERING_SEED");
  const std::uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  std::printf("reproduce with CORERING_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

std::vector<int> numbers(std::size_t count) {
  std::vector<int> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Every operation beside the same one on a std::deque.
TEST(StealDeque, BehavesLikeADequeWithTwoEnds) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < 20; ++round) {
    const std::size_t count_max = std::size_t{2} << random() % 12;
    StealDeque<int> deque(count_max);
    std::deque<int*> model;
    std::vector<int> all = numbers(10'000);
    const std::uint64_t push_share = 300 + random() % 500;
    for (int& element : all) {
      if (random() % 1'000 < push_share) {
        const bool has_room = model.size() < count_max;
        ASSERT_EQ(deque.try_push(element), has_room);
        if (has_room) model.push_back(&element);
      } else if (random() % 2 == 0) {
        int* popped = deque.try_pop();
        ASSERT_EQ(popped, model.empty() ? nullptr : model.back());
        if (popped != nullptr) model.pop_back();
      } else if (random() % 4 == 0) {
        // Without publishing: a thief finds the oldest element, or nothing.
        int* stolen = nullptr;
        if (deque.try_steal(stolen) == Steal::taken) {
          ASSERT_EQ(stolen, model.front());
          model.pop_front();
        }
      } else {
        deque.publish();
        ASSERT_EQ(deque.size(), model.size());
        ASSERT_FALSE(deque.has_private());
        int* stolen = nullptr;
        ASSERT_EQ(deque.try_steal(stolen), model.empty() ? Steal::empty : Steal::taken);
        ASSERT_EQ(stolen, model.empty() ? nullptr : model.front());
        if (stolen != nullptr) model.pop_front();
      }
      ASSERT_LE(deque.size(), model.size());
      ASSERT_EQ(deque.has_private(), deque.size() < model.size());
    }
  }
}

TEST(StealDeque, WhatIsPushedIsPrivateUntilItIsPublished) {
  StealDeque<int> deque;
  std::vector<int> all = numbers(8);
  int* stolen = nullptr;
  for (int& element : all) ASSERT_TRUE(deque.try_push(element));
  EXPECT_TRUE(deque.empty());
  EXPECT_EQ(deque.try_steal(stolen), Steal::empty);
  deque.publish();
  EXPECT_EQ(deque.size(), all.size());
  EXPECT_EQ(deque.try_steal(stolen), Steal::taken);
  EXPECT_EQ(stolen, all.data());
}

TEST(StealDeque, APopOfWhatIsPublicTakesTheYoungerHalfBack) {
  StealDeque<int> deque;
  std::vector<int> all = numbers(8);
  for (int& element : all) ASSERT_TRUE(deque.try_push(element));
  deque.publish();
  EXPECT_EQ(deque.try_pop(), &all[7]);
  EXPECT_EQ(deque.size(), 4u);
  for (std::size_t index = 7; index > 0; --index) EXPECT_EQ(deque.try_pop(), &all[index - 1]);
  EXPECT_EQ(deque.try_pop(), nullptr);
}

TEST(StealDeque, AsksForWhatIsPrivateAndIsAnsweredOnce) {
  StealDeque<int> deque;
  int element = 0;
  EXPECT_FALSE(deque.is_wanted());  // there is nothing to publish
  ASSERT_TRUE(deque.try_push(element));
  EXPECT_TRUE(deque.is_wanted());  // nobody has had anything yet
  deque.publish();
  EXPECT_FALSE(deque.is_wanted());
  int* stolen = nullptr;
  ASSERT_EQ(deque.try_steal(stolen), Steal::taken);
  ASSERT_TRUE(deque.try_push(element));
  EXPECT_FALSE(deque.is_wanted());
  deque.want();
  EXPECT_TRUE(deque.is_wanted());
}

TEST(StealDeque, GrowsByDoublingUpToItsLimitAndKeepsLessThanTwiceThat) {
  constexpr std::size_t kMax = 4'096;
  StealDeque<int> deque(kMax);
  std::vector<int> all = numbers(kMax + 1);
  EXPECT_EQ(deque.capacity(), StealDeque<int>::kCountMin);
  for (std::size_t index = 0; index < kMax; ++index) ASSERT_TRUE(deque.try_push(all[index]));
  EXPECT_FALSE(deque.try_push(all[kMax]));
  EXPECT_EQ(deque.capacity(), kMax);
  EXPECT_LT(deque.memory_elements(), 2 * kMax);
  for (std::size_t index = kMax; index > 0; --index) ASSERT_EQ(deque.try_pop(), &all[index - 1]);
}

// A deque that is emptied from the top walks through its array for ever without growing.
TEST(StealDeque, DoesNotGrowWithoutNeed) {
  StealDeque<int> deque;
  std::vector<int> all = numbers(100'000);
  for (int& element : all) {
    ASSERT_TRUE(deque.try_push(element));
    deque.publish();
    int* stolen = nullptr;
    ASSERT_EQ(deque.try_steal(stolen), Steal::taken);
    ASSERT_EQ(stolen, &element);
  }
  EXPECT_EQ(deque.capacity(), StealDeque<int>::kCountMin);
}

// Owner and thieves at once: every element comes out once, whole (what its pusher wrote before is seen), and thieves see the
// elements in the order of pushing.
TEST(StealDeque, UnderThievesEveryElementComesOutOnce) {
  constexpr std::size_t kThieves = 3;
  constexpr std::size_t kElements = 200'000;
  struct Element {
    std::size_t number = 0;
    std::size_t taken = 0;  // not atomic: two takers would be a race
  };
  const std::uint64_t first_seed = seed();
  StealDeque<Element> deque(1 << 17);
  std::vector<Element> all(kElements);
  std::atomic<bool> is_over{false};
  std::atomic<std::size_t> out{0};
  std::atomic<int> disorders{0};
  std::vector<std::jthread> thieves;
  for (std::size_t thief = 0; thief < kThieves; ++thief) {
    thieves.emplace_back([&] {
      std::size_t last = 0;
      while (!is_over.load()) {
        Element* stolen = nullptr;
        const Steal result = deque.try_steal(stolen);
        if (result == Steal::empty) deque.want();
        if (result != Steal::taken) continue;
        if (stolen->number < last) disorders.fetch_add(1);
        last = stolen->number;
        ++stolen->taken;
        out.fetch_add(1);
      }
    });
  }
  std::mt19937_64 random(first_seed);
  std::size_t popped = 0;
  for (std::size_t number = 0; number < kElements;) {
    const std::size_t burst = random() % 64;
    for (std::size_t count = 0; count < burst && number < kElements; ++count, ++number) {
      all[number].number = number + 1;
      while (!deque.try_push(all[number])) deque.publish();
      if (deque.is_wanted()) deque.publish();
    }
    for (std::size_t count = random() % 64; count > 0; --count) {
      Element* element = deque.try_pop();
      if (element == nullptr) break;
      ++element->taken;
      ++popped;
    }
  }
  while (Element* element = deque.try_pop()) {
    ++element->taken;
    ++popped;
  }
  while (out.load() + popped < kElements) std::this_thread::yield();
  is_over = true;
  thieves.clear();
  for (const Element& element : all) ASSERT_EQ(element.taken, 1u) << element.number;
  EXPECT_EQ(disorders.load(), 0);
}

}  // namespace
