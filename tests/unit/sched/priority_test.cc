#include "corering/sched/priority.h"

#include <gtest/gtest.h>

#include <array>

namespace {

using corering::sched::bit_of;
using corering::sched::index_of;
using corering::sched::kPriorities;
using corering::sched::Priority;
using corering::sched::PriorityMask;
using corering::sched::Rounds;

constexpr PriorityMask kAll = 0b1111;

TEST(Rounds, TheMostUrgentComesFirst) {
  for (const Priority priority : corering::sched::kAllPriorities) {
    Rounds rounds;
    const auto and_all_below = static_cast<PriorityMask>(kAll & ~(bit_of(priority) - 1));
    EXPECT_EQ(rounds.take(and_all_below), priority);
  }
}

// The promise of the header: any 114 runs in a row hold at least 2 low ones, 16 normal ones, 32 high ones.
TEST(Rounds, EveryWindowOfARoundsLengthHoldsEverybodysShare) {
  constexpr std::size_t kWindow = 114;
  Rounds rounds;
  std::array<Priority, 10 * kWindow> taken{};
  for (Priority& priority : taken) priority = rounds.take(kAll);
  for (std::size_t begin = 0; begin + kWindow <= taken.size(); ++begin) {
    std::array<std::uint32_t, kPriorities> count{};
    for (std::size_t index = begin; index < begin + kWindow; ++index) ++count[index_of(taken[index])];
    ASSERT_EQ(count, Rounds::kShares) << "from run " << begin;
  }
}

TEST(Rounds, WhoComesInTheMiddleOfARoundStillHasAShareOfIt) {
  Rounds rounds;
  for (int run = 0; run < 10; ++run) EXPECT_EQ(rounds.take(bit_of(Priority::urgent)), Priority::urgent);
  const auto both = static_cast<PriorityMask>(bit_of(Priority::urgent) | bit_of(Priority::low));
  int runs_until_low = 0;
  while (rounds.take(both) != Priority::low) ++runs_until_low;
  EXPECT_EQ(runs_until_low, 54);
}

TEST(Rounds, SeveralRunsInARowCountLikeSingleOnes) {
  Rounds single;
  Rounds several;
  const auto next = [](Rounds& rounds) { return rounds.take(bit_of(Priority::high) | bit_of(Priority::low)); };
  for (int round = 0; round < 10; ++round) {
    ASSERT_EQ(next(several), next(single));
    const std::uint32_t more = several.left(Priority::high);
    for (std::uint32_t count = 0; count < more; ++count) ASSERT_EQ(next(single), Priority::high);
    several.take_more(Priority::high, more);
    for (std::uint32_t count = 0; count < Rounds::kShares[index_of(Priority::low)]; ++count) {
      ASSERT_EQ(next(single), Priority::low);
      ASSERT_EQ(next(several), Priority::low);
    }
  }
}

TEST(Rounds, WhoIsAloneRunsWithoutEnd) {
  Rounds rounds;
  for (int run = 0; run < 1'000; ++run) ASSERT_EQ(rounds.take(bit_of(Priority::low)), Priority::low);
}

}  // namespace
