#include "corering/runtime/core_load.h"

#include <gtest/gtest.h>

#include <thread>

#include "corering/sys/thread_times.h"

namespace {

namespace metrics = corering::metrics;
namespace runtime = corering::runtime;
namespace sys = corering::sys;

void burn(std::uint64_t cpu_ns) {
  const std::uint64_t end = sys::thread_times(sys::this_thread_id())->cpu_ns + cpu_ns;
  while (sys::thread_times(sys::this_thread_id())->cpu_ns < end) {
  }
}

TEST(CoreLoad, TellsWorkFromPollingAndFromSleep) {
  constexpr std::uint64_t kMs = 1'000'000;
  runtime::CoreLoad load;
  load.attach_this_thread();
  burn(30 * kMs);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  load.sample(10 * kMs);
  EXPECT_GE(load.cpu_ns(), 30 * kMs);
  EXPECT_EQ(load.busy_ns(), load.cpu_ns() - 10 * kMs);
  metrics::Registry registry;
  load.register_metrics(registry);
  EXPECT_EQ(metrics::value_of(registry.snapshot(), "polling_ns"), 10 * kMs);
}

TEST(CoreLoad, SleepIsWhatIsNeitherCpuNorWaitingForOne) {
  runtime::CoreLoad load;
  std::jthread core([&] {
    load.attach_this_thread();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    load.sample(0);
  });
  core.join();
  EXPECT_GE(load.sleeping_ns(), 20'000'000U);
}

TEST(CoreLoad, WithoutAThreadNothingIsKnown) {
  runtime::CoreLoad load;
  load.sample(5);
  EXPECT_EQ(load.cpu_ns(), 0U);
  EXPECT_EQ(load.sleeping_ns(), 0U);
  std::thread([&] { load.attach_this_thread(); }).join();
  load.sample(5);
  EXPECT_EQ(load.cpu_ns(), 0U) << "the thread has ended";
}

}  // namespace
