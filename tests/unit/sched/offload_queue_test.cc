#include "corering/sched/offload_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using corering::sched::OffloadQueue;

TEST(OffloadQueue, IsFirstInFirstOutAndBounded) {
  OffloadQueue<int> queue(3);  // rounded up to 4
  std::vector<int> values{0, 1, 2, 3, 4};
  EXPECT_EQ(queue.try_pop(), nullptr);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t index = 0; index < 4; ++index) EXPECT_TRUE(queue.try_push(&values[index]));
    EXPECT_FALSE(queue.try_push(&values[4]));
    for (std::size_t index = 0; index < 4; ++index) EXPECT_EQ(queue.try_pop(), &values[index]);
    EXPECT_EQ(queue.try_pop(), nullptr);
  }
}

TEST(OffloadQueue, EveryJobComesOutOnceWhoeverPushesAndPops) {
  constexpr std::size_t kEach = 20'000;
  constexpr std::size_t kPushers = 3;
  OffloadQueue<std::atomic<int>> queue(64);
  std::vector<std::atomic<int>> taken(kEach * kPushers);
  std::atomic<std::size_t> count{0};
  std::vector<std::thread> threads;
  for (std::size_t pusher = 0; pusher < kPushers; ++pusher) {
    threads.emplace_back([&, pusher] {
      for (std::size_t index = 0; index < kEach; ++index) {
        while (!queue.try_push(&taken[pusher * kEach + index])) std::this_thread::yield();
      }
    });
    threads.emplace_back([&] {
      while (count.load() < taken.size()) {
        if (std::atomic<int>* job = queue.try_pop()) {
          job->fetch_add(1);
          count.fetch_add(1);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& times : taken) EXPECT_EQ(times.load(), 1);
}

}  // namespace
