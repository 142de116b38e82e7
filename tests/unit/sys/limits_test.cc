#include "corering/sys/limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

namespace sys = corering::sys;

// Limits are lowered in children that end with the answer: a process without rights cannot raise them again.
#define EXPECT_IN_CHILD(check) EXPECT_EXIT(std::_Exit((check) ? 0 : 1), testing::ExitedWithCode(0), "")

bool set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  return ::setrlimit(resource, &limit) == 0;
}

rlimit limit_of(__rlimit_resource resource) {
  rlimit limit{};
  ::getrlimit(resource, &limit);
  return limit;
}

bool raises_the_soft_limit_as_far_as_needed() {
  return set_limit(RLIMIT_NOFILE, 64, 256) && sys::require_open_files(100) && limit_of(RLIMIT_NOFILE).rlim_cur == 100 &&
         sys::open_files_limit() == 100;
}

bool never_lowers_a_limit() {
  return set_limit(RLIMIT_NOFILE, 200, 256) && sys::require_open_files(100) && limit_of(RLIMIT_NOFILE).rlim_cur == 200;
}

bool leaves_the_hard_limit_alone() {
  return set_limit(RLIMIT_NOFILE, 64, 256) && sys::require_open_files(256) && !sys::require_open_files(257) &&
         limit_of(RLIMIT_NOFILE).rlim_max == 256;
}

bool refuses_with_the_numbers_that_matter() {
  if (!set_limit(RLIMIT_NOFILE, 64, 256)) return false;
  const auto refused = sys::require_open_files(1'000);
  if (refused) return false;
  const std::string& text = refused.error().text;
  std::fprintf(stderr, "%s\n", text.c_str());
  return refused.error().code == corering::base::ErrorCode::limit_too_low && text.find("RLIMIT_NOFILE 256") != std::string::npos &&
         text.find("1000") != std::string::npos && text.find('\n') == std::string::npos;
}

TEST(LimitsDeathTest, RaisesTheSoftLimitAsFarAsNeeded) { EXPECT_IN_CHILD(raises_the_soft_limit_as_far_as_needed()); }

TEST(LimitsDeathTest, NeverLowersALimit) { EXPECT_IN_CHILD(never_lowers_a_limit()); }

TEST(LimitsDeathTest, LeavesTheHardLimitAlone) { EXPECT_IN_CHILD(leaves_the_hard_limit_alone()); }

TEST(LimitsDeathTest, RefusesWithTheNumbersThatMatter) { EXPECT_IN_CHILD(refuses_with_the_numbers_that_matter()); }

// As root the capability goes with the user id, so the child is bound by its limit as an ordinary server is.
bool raises_memlock_to_the_hard_limit() {
  const rlim_t hard = std::min(limit_of(RLIMIT_MEMLOCK).rlim_max, rlim_t{128} << 10);
  if (!set_limit(RLIMIT_MEMLOCK, hard / 2, hard)) return false;
  if (::geteuid() == 0 && ::setuid(65534) != 0) return false;
  return sys::raise_memlock_limit() == hard && limit_of(RLIMIT_MEMLOCK).rlim_cur == hard;
}

TEST(LimitsDeathTest, RaisesMemlockToTheHardLimit) { EXPECT_IN_CHILD(raises_memlock_to_the_hard_limit()); }

bool lets_the_capability_beat_the_memlock_limit() {
  return set_limit(RLIMIT_MEMLOCK, 4096, 65536) && sys::raise_memlock_limit() == UINT64_MAX;
}

TEST(LimitsDeathTest, LetsTheCapabilityBeatTheMemlockLimit) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, who has CAP_IPC_LOCK";
  EXPECT_IN_CHILD(lets_the_capability_beat_the_memlock_limit());
}

}  // namespace
