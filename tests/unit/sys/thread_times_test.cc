#include "corering/sys/thread_times.h"

#include <gtest/gtest.h>

#include <chrono>
#include <semaphore>
#include <thread>

namespace {

using namespace corering::sys;

void burn(std::chrono::nanoseconds cpu) {
  const std::uint64_t end = thread_times(this_thread_id())->cpu_ns + static_cast<std::uint64_t>(cpu.count());
  while (thread_times(this_thread_id())->cpu_ns < end) {
  }
}

TEST(ThreadTimes, GrowWithTheCpuTimeOfThatThreadAlone) {
  pid_t other_id = 0;
  std::binary_semaphore known(0);
  std::binary_semaphore finish(0);
  std::jthread other([&] {
    other_id = this_thread_id();
    known.release();
    finish.acquire();
  });
  known.acquire();
  const std::uint64_t other_before = thread_times(other_id)->cpu_ns;
  const std::uint64_t before = thread_times(this_thread_id())->cpu_ns;
  burn(std::chrono::milliseconds(20));
  EXPECT_GE(thread_times(this_thread_id())->cpu_ns - before, 20'000'000U);
  EXPECT_LT(thread_times(other_id)->cpu_ns - other_before, 20'000'000U) << "it slept";
  finish.release();
}

TEST(ThreadTimes, OfNoThreadAreNothing) {
  pid_t gone = 0;
  std::thread([&] { gone = this_thread_id(); }).join();
  // The number may be reused only after all others have been.
  EXPECT_FALSE(thread_times(gone).has_value());
}

}  // namespace
