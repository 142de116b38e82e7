#include "corering/sys/cpu.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace sys = corering::sys;

TEST(CpuVisit, StaysOnOneCpuAndGoesHome) {
  const std::vector<int> before = sys::allowed_cpus().value();
  for (const int cpu : before) {
    const sys::CpuVisit visit(cpu);
    EXPECT_EQ(sys::allowed_cpus().value(), std::vector<int>{cpu});
    EXPECT_EQ(::sched_getcpu(), cpu);
  }
  EXPECT_EQ(sys::allowed_cpus().value(), before);
}

TEST(CpuVisit, ToACpuThatIsNotThereChangesNothing) {
  const std::vector<int> before = sys::allowed_cpus().value();
  {
    const sys::CpuVisit visit(CPU_SETSIZE - 1);
    EXPECT_EQ(sys::allowed_cpus().value(), before);
  }
  EXPECT_EQ(sys::allowed_cpus().value(), before);
}

TEST(Cpu, AllowedCpusAreAscendingAndHoldTheOneWeRunOn) {
  const auto cpus = sys::allowed_cpus();
  ASSERT_TRUE(cpus.has_value());
  EXPECT_TRUE(std::ranges::is_sorted(*cpus, std::less_equal<>()) || cpus->size() == 1);
  EXPECT_TRUE(std::ranges::binary_search(*cpus, ::sched_getcpu()));
}

TEST(Cpu, APinnedThreadRunsOnItsCpuAndOthersStayFree) {
  const auto cpus = sys::allowed_cpus();
  ASSERT_TRUE(cpus.has_value());
  for (const int cpu : *cpus) {
    std::jthread([cpu] {
      ASSERT_TRUE(sys::pin_this_thread(cpu).has_value());
      EXPECT_EQ(::sched_getcpu(), cpu);
      EXPECT_EQ(sys::allowed_cpus(), std::vector<int>{cpu});
    }).join();
  }
  EXPECT_EQ(sys::allowed_cpus(), *cpus);
}

// As the kernel shows it to everybody: /sys/devices/system/cpu/cpuN/nodeM.
TEST(Cpu, TheNodeIsTheOneThatTheCpuLiesIn) {
  const std::vector<int> cpus = sys::allowed_cpus().value();
  for (const int cpu : cpus) {
    const sys::CpuVisit visit(cpu);
    const auto node = sys::node_of_this_cpu();
    ASSERT_TRUE(node);
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu);
    if (::access("/sys/devices/system/node/node0", F_OK) != 0) GTEST_SKIP() << "a kernel that shows no nodes";
    EXPECT_EQ(::access((folder + "/node" + std::to_string(*node)).c_str(), F_OK), 0) << folder << " node " << *node;
  }
}

TEST(Cpu, PinningToACpuThatIsNotThereNamesIt) {
  for (const int cpu : {-1, 1023, 100'000}) {
    const auto pinned = sys::pin_this_thread(cpu);
    ASSERT_FALSE(pinned.has_value()) << cpu;
    EXPECT_NE(pinned.error().text.find("CPU " + std::to_string(cpu)), std::string::npos) << pinned.error().text;
  }
}

TEST(Cpu, ALongThreadNameIsCutNotLost) {
  std::jthread([] {
    sys::name_this_thread("core-4711-with-a-long-name");
    std::array<char, 32> name{};
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    EXPECT_STREQ(name.data(), "core-4711-with-");
    sys::name_this_thread("c");
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    EXPECT_STREQ(name.data(), "c");
  }).join();
}

}  // namespace
