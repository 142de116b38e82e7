// A thousand lives of a cache file on a simulated disk that delays, reorders, tears, cuts short, refuses and loses, each with crashes at
// random moments. A failure prints its seed; CORERING_SEED=<seed> runs that one alone, CORERING_SCHEDULES=<count> more of them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "log_life.h"

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Fewer where each is ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSchedules = 200;
#else
constexpr std::uint64_t kSchedules = 1'000;
#endif

TEST(LogSchedules, NothingIsWrongAfterACrashAndNothingSyncedIsLost) {
  const bool single = std::getenv("CORERING_SEED") != nullptr;
  const std::uint64_t first = number_from("CORERING_SEED", std::random_device{}() * std::uint64_t{1'000'000});
  const std::uint64_t count = single ? 1 : number_from("CORERING_SCHEDULES", kSchedules);
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + count - 1));
  sim::LifeOutcome sum;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    sim::LogLife life(seed);
    const sim::LifeOutcome outcome = life.run();
    ASSERT_EQ(outcome.failure, "") << "reproduce with CORERING_SEED=" << seed;
    sum.operations += outcome.operations;
    EXPECT_EQ(outcome.damaged_pieces, 0u) << "a crash is no damage; reproduce with CORERING_SEED=" << seed;
    sum.values_recovered += outcome.values_recovered;
    sum.syncs += outcome.syncs;
    sum.reads += outcome.reads;
    sum.cleaned_segments += outcome.cleaned_segments;
    sum.overruns += outcome.overruns;
    sum.failed_files += outcome.failed_files;
    sum.refused += outcome.refused;
  }
  std::printf(
      "operations %llu, values recovered %llu, sync points %llu, cold reads %llu, segments cleaned %llu, overruns %llu, "
      "failed files %llu, refused %llu\n",
      static_cast<unsigned long long>(sum.operations), static_cast<unsigned long long>(sum.values_recovered),
      static_cast<unsigned long long>(sum.syncs), static_cast<unsigned long long>(sum.reads),
      static_cast<unsigned long long>(sum.cleaned_segments), static_cast<unsigned long long>(sum.overruns),
      static_cast<unsigned long long>(sum.failed_files), static_cast<unsigned long long>(sum.refused));
  if (single) return;
  // The storms have to happen, or the schedules prove little.
  EXPECT_GT(sum.values_recovered, count * 5);
  EXPECT_GT(sum.reads, count);
  EXPECT_GT(sum.cleaned_segments, count);
  EXPECT_GT(sum.overruns, 0u);
  EXPECT_GT(sum.failed_files, 0u);
  EXPECT_GT(sum.refused, 0u);
}

}  // namespace
