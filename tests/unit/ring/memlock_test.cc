#include "corering/ring/memlock.h"

#include <gtest/gtest.h>

namespace ring_test {
namespace {

using namespace corering;

constexpr std::uint64_t kBufferRingBytes = 65'536;

TEST(Memlock, RingMemoryIsAboutWhatTheKernelCharges) {
  // Measured: 256/512 entries are about 28 KiB, 4096/16384 about 530 KiB.
  EXPECT_NEAR(static_cast<double>(ring::ring_memory_bytes({256, 512})), 28.0 * 1024, 4096);
  EXPECT_NEAR(static_cast<double>(ring::ring_memory_bytes({4096, 16384})), 530.0 * 1024, 16384);
}

TEST(Memlock, WhatFitsStaysAsItIs) {
  const auto plan = ring::plan_memlock({512, 4096}, kBufferRingBytes, 2, UINT64_MAX);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->setup.submission_entries, 512u);
  EXPECT_TRUE(plan->warning.empty());
}

TEST(Memlock, ATightLimitShrinksTheRingsAndSaysSo) {
  const std::uint64_t wanted = 2 * (ring::ring_memory_bytes({512, 4096}) + kBufferRingBytes);
  const auto plan = ring::plan_memlock({512, 4096}, kBufferRingBytes, 2, wanted - 1);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->setup.submission_entries, 256u);
  EXPECT_EQ(plan->setup.completion_entries, 2048u);
  EXPECT_NE(plan->warning.find("RLIMIT_MEMLOCK"), std::string::npos);
  EXPECT_NE(plan->warning.find("ulimit -l"), std::string::npos);
}

TEST(Memlock, AnImpossibleLimitIsAnErrorThatNamesBothValuesAndTheRemedy) {
  const auto plan = ring::plan_memlock({512, 4096}, kBufferRingBytes, 8, 64 * 1024);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, base::ErrorCode::limit_too_low);
  EXPECT_NE(plan.error().text.find("found RLIMIT_MEMLOCK 64KiB, need "), std::string::npos) << plan.error().text;
  EXPECT_NE(plan.error().text.find("LimitMEMLOCK="), std::string::npos);
}

}  // namespace
}  // namespace ring_test
