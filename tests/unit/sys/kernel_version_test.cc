#include "corering/sys/kernel_version.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace {

using corering::sys::KernelVersion;

TEST(KernelVersion, IsThatOfTheRunningKernel) {
  std::string release;
  std::ifstream("/proc/sys/kernel/osrelease") >> release;
  EXPECT_EQ(corering::sys::kernel_release(), release);
  const KernelVersion version = corering::sys::kernel_version();
  const std::string start = std::to_string(version.major) + '.' + std::to_string(version.minor);
  EXPECT_TRUE(release.starts_with(start)) << release << " does not start with " << start;
  EXPECT_GE(version, (KernelVersion{3, 0}));
}

TEST(KernelVersion, ComparesNumbersNotText) {
  EXPECT_LT((KernelVersion{6, 9}), (KernelVersion{6, 10}));
  EXPECT_LT((KernelVersion{5, 19}), (KernelVersion{6, 1}));
}

}  // namespace
