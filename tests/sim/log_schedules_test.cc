// A thousand lives of a cache file on a simulated disk that delays, reorders, tears, cuts short, refuses and loses, each with crashes at
// random moments. A failure prints its seed; CORERING_SEED=<seed> runs that one alone, CORERING_SCHEDULES=<count> more of them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "../environment.h"
#include "log_life.h"

namespace {

using tests::number_from;

// Fewer where each is ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSchedules = 200;
#else
constexpr std::uint64_t kSchedules = 1'000;
#endif

// Runs the schedules and adds up what happened in them.
void run(sim::Damage damage, sim::LifeOutcome& sum, std::uint64_t& count) {
  const bool single = std::getenv("CORERING_SEED") != nullptr;
  const std::uint64_t first = number_from("CORERING_SEED", std::random_device{}() * std::uint64_t{1'000'000});
  count = single ? 1 : number_from("CORERING_SCHEDULES", kSchedules);
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + count - 1));
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    sim::LogLife life(seed, damage);
    const sim::LifeOutcome outcome = life.run();
    ASSERT_EQ(outcome.failure, "") << "reproduce with CORERING_SEED=" << seed;
    if (damage == sim::Damage::none) {
      EXPECT_EQ(outcome.damaged_pieces, 0u) << "a crash is no damage; reproduce with CORERING_SEED=" << seed;
    }
    sum.operations += outcome.operations;
    sum.values_recovered += outcome.values_recovered;
    sum.syncs += outcome.syncs;
    sum.reads += outcome.reads;
    sum.cleaned_segments += outcome.cleaned_segments;
    sum.overruns += outcome.overruns;
    sum.damages += outcome.damages;
    sum.damaged_pieces += outcome.damaged_pieces;
    sum.failed_files += outcome.failed_files;
    sum.refused += outcome.refused;
  }
  std::printf(
      "operations %llu, values recovered %llu, sync points %llu, cold reads %llu, segments cleaned %llu, overruns %llu, "
      "failed files %llu, refused %llu, damages %llu, noticed %llu\n",
      static_cast<unsigned long long>(sum.operations), static_cast<unsigned long long>(sum.values_recovered),
      static_cast<unsigned long long>(sum.syncs), static_cast<unsigned long long>(sum.reads),
      static_cast<unsigned long long>(sum.cleaned_segments), static_cast<unsigned long long>(sum.overruns),
      static_cast<unsigned long long>(sum.failed_files), static_cast<unsigned long long>(sum.refused),
      static_cast<unsigned long long>(sum.damages), static_cast<unsigned long long>(sum.damaged_pieces));
  if (single) count = 0;  // one schedule need not have everything in it
}

TEST(LogSchedules, NothingIsWrongAfterACrashAndNothingSyncedIsLost) {
  sim::LifeOutcome sum;
  std::uint64_t count = 0;
  run(sim::Damage::none, sum, count);
  if (HasFatalFailure() || count == 0) return;
  // The storms have to happen, or the schedules prove little.
  EXPECT_GT(sum.values_recovered, count * 5);
  EXPECT_GT(sum.reads, count);
  EXPECT_GT(sum.cleaned_segments, count);
  EXPECT_GT(sum.overruns, 0u);
  EXPECT_GT(sum.failed_files, 0u);
  EXPECT_GT(sum.refused, 0u);
}

TEST(LogSchedules, DamagedPiecesAreMissesAndNothingIsWrong) {
  sim::LifeOutcome sum;
  std::uint64_t count = 0;
  run(sim::Damage::some, sum, count);
  if (HasFatalFailure() || count == 0) return;
  EXPECT_GT(sum.values_recovered, count);
  EXPECT_GT(sum.damages, count);
  EXPECT_GT(sum.damaged_pieces, count / 4);
}

}  // namespace
