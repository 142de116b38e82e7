#include "corering/runtime/drain_barrier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {

using corering::runtime::DrainBarrier;

TEST(DrainBarrier, OpensWhenTheLastCoreArrives) {
  DrainBarrier barrier(3);
  EXPECT_FALSE(barrier.arrive());
  EXPECT_FALSE(barrier.arrive());
  EXPECT_FALSE(barrier.is_open());
  EXPECT_TRUE(barrier.arrive());
  EXPECT_TRUE(barrier.is_open());
}

// Exactly one core has to wake the others; and what each did before it arrived is visible to those who find the barrier open.
TEST(DrainBarrier, OneOfManyIsTheLastAndAllSeeWhatWasDoneBefore) {
  constexpr std::size_t kCores = 4;
  for (int round = 0; round < 200; ++round) {
    DrainBarrier barrier(kCores);
    std::vector<int> work(kCores, 0);
    std::atomic<int> last_ones = 0;
    std::vector<std::jthread> cores;
    for (std::size_t core = 0; core < kCores; ++core) {
      cores.emplace_back([&, core] {
        work[core] = 1;
        if (barrier.arrive()) last_ones.fetch_add(1, std::memory_order_relaxed);
        while (!barrier.is_open()) std::this_thread::yield();
        for (const int done : work) EXPECT_EQ(done, 1);
      });
    }
    cores.clear();
    ASSERT_EQ(last_ones.load(), 1);
  }
}

}  // namespace
