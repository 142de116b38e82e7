// Ten thousand lives of the echo server, each on another seed. A failure prints its seed; CORERING_SEED=<seed> runs that one alone.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <random>

#include "../environment.h"
#include "echo_simulation.h"

namespace {

using tests::number_from;

TEST(EchoSchedules, EveryByteComesBackOnEverySeed) {
  const bool single = std::getenv("CORERING_SEED") != nullptr;
  const std::uint64_t first = number_from("CORERING_SEED", std::random_device{}() * std::uint64_t{1'000'000});
  const std::uint64_t count = single ? 1 : number_from("CORERING_SCHEDULES", 10'000);
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + count - 1));
  std::uint64_t turns = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unacknowledged = 0;
  corering::metrics::Snapshot sums;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    sim::EchoSimulation simulation(seed);
    const sim::Outcome outcome = simulation.run();
    ASSERT_EQ(outcome.failure, "") << "reproduce with CORERING_SEED=" << seed;
    turns += outcome.turns;
    bytes += outcome.verified_bytes;
    unacknowledged += outcome.unacknowledged_through_stalls;
    if (sums.empty()) {
      sums = outcome.counters;
    } else {
      for (std::size_t index = 0; index < sums.size(); ++index) sums[index].value += outcome.counters[index].value;
    }
  }
  std::printf("%llu turns, %llu bytes verified, %llu zero-copy sends held by peers that stalled for a minute\n%s\n",
              static_cast<unsigned long long>(turns), static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(unacknowledged), corering::metrics::to_line(sums).c_str());
  if (single) return;
  // The storms have to happen, or the schedules prove little.
  EXPECT_GT(bytes, count * 1000);
  EXPECT_GT(unacknowledged, count / 100);
  for (const char* name : {"short_sends", "starved", "throttled", "peer_failures", "accept_failures", "accept_pauses",
                           "extra_enters", "completion_overflows", "refused", "discarded_bytes", "reserve_receives", "copied_bytes",
                           "aborted", "landed_bytes", "zero_copy_sends", "zero_copy_copied_sends"}) {
    EXPECT_GT(corering::metrics::value_of(sums, name), 0u) << name;
  }
}

TEST(EchoSchedules, ASeedReproducesItself) {
  sim::EchoSimulation first(4711);
  sim::EchoSimulation second(4711);
  const sim::Outcome one = first.run();
  const sim::Outcome other = second.run();
  EXPECT_EQ(one.turns, other.turns);
  EXPECT_EQ(one.verified_bytes, other.verified_bytes);
  EXPECT_EQ(corering::metrics::to_line(one.counters), corering::metrics::to_line(other.counters));
}

}  // namespace
