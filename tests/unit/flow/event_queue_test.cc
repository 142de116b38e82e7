#include "corering/flow/event_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <variant>

#include "../seed.h"

namespace {

using corering::flow::EventQueue;

struct Small {
  int value;
};
struct Large {
  std::string text;
};

template <typename... Events>
std::string front_of(EventQueue<Events...>& queue) {
  std::string shown;
  queue.visit_front([&]<typename Event>(const Event& event) {
    if constexpr (std::is_same_v<Event, Small>) shown = std::to_string(event.value);
    if constexpr (std::is_same_v<Event, Large>) shown = event.text;
  });
  return shown;
}

TEST(EventQueue, KeepsTheOrderOverAllTypes) {
  EventQueue<Small, Large> queue(4);
  EXPECT_TRUE(queue.try_push(Small{1}));
  EXPECT_TRUE(queue.try_push(Large{"a text that is too long for the small string optimisation"}));
  EXPECT_TRUE(queue.try_push(Small{2}));
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(front_of(queue), "1");
  queue.pop();
  EXPECT_EQ(front_of(queue), "a text that is too long for the small string optimisation");
  queue.pop();
  EXPECT_EQ(front_of(queue), "2");
  queue.pop();
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, RefusesWhatDoesNotFit) {
  EventQueue<Small> queue(3);  // rounded up
  EXPECT_EQ(queue.capacity(), 4u);
  for (int value = 0; value < 4; ++value) EXPECT_TRUE(queue.try_push(Small{value}));
  EXPECT_FALSE(queue.try_push(Small{4}));
  EXPECT_EQ(front_of(queue), "0");
  queue.pop();
  EXPECT_TRUE(queue.try_push(Small{5}));
}

TEST(EventQueue, DestroysWhatIsPoppedAndWhatIsLeft) {
  const auto counted = std::make_shared<int>(0);
  {
    EventQueue<std::shared_ptr<int>, Small> queue(8);
    for (int index = 0; index < 3; ++index) EXPECT_TRUE(queue.try_push(counted));
    EXPECT_EQ(counted.use_count(), 4);
    queue.pop();
    EXPECT_EQ(counted.use_count(), 3);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(EventQueue, ARefusedEventIsNotMovedFrom) {
  EventQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.try_push(std::move(second)));
  EXPECT_NE(second, nullptr);
}

TEST(EventQueue, BehavesAsADequeOfVariants) {
  std::mt19937_64 random(unit_test::seed());
  EventQueue<Small, Large> queue(16);
  std::deque<std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0) {
      const int value = static_cast<int>(random() % 1000);
      const std::string text = std::to_string(value) + std::string(random() % 40, 'x');
      const bool is_small = random() % 2 == 0;
      const bool pushed = is_small ? queue.try_push(Small{value}) : queue.try_push(Large{text});
      ASSERT_EQ(pushed, model.size() < 16);
      if (pushed) model.push_back(is_small ? std::to_string(value) : text);
    } else if (!model.empty()) {
      ASSERT_EQ(front_of(queue), model.front());
      queue.pop();
      model.pop_front();
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

}  // namespace
