#include "corering/sched/when_any.h"

#include <gtest/gtest.h>

#include <string>

#include "corering/sched/sleep.h"
#include "test_core.h"

namespace {

using namespace corering;
using namespace std::chrono_literals;
using sched::Task;

Task<int> number_after(base::Duration duration, int number, int& broken) {
  const bool rested = co_await sched::sleep_for(duration);
  broken += rested ? 0 : 1;
  co_return number;
}

Task<std::string> text_after(base::Duration duration, int& broken) {
  const bool rested = co_await sched::sleep_for(duration);
  broken += rested ? 0 : 1;
  co_return "text";
}

Task<> race(base::Duration number, base::Duration text, std::string& trace, int& broken) {
  const auto first = co_await sched::when_any(number_after(number, 7, broken), text_after(text, broken));
  trace = first.index == 0 ? std::to_string(std::get<0>(first.value)) : std::get<1>(first.value);
}

class WhenAnyTest : public testing::Test {
 protected:
  test_core::SingleCore single_;
  std::string trace_;
  int broken_ = 0;
};

TEST_F(WhenAnyTest, TheFirstCountsAndTheOtherIsCancelled) {
  single_.core->spawn(race(1h, 5ms, trace_, broken_)).detach();
  single_.core.turn_until_quiet();
  single_.pass(6ms);
  EXPECT_EQ(trace_, "text");
  EXPECT_EQ(broken_, 1);
  EXPECT_EQ(single_.core.wheel().next(), base::Instant::never());
  single_.core->spawn(race(5ms, 1h, trace_, broken_)).detach();
  single_.core.turn_until_quiet();
  single_.pass(6ms);
  EXPECT_EQ(trace_, "7");
}

Task<int> at_once() { co_return 1; }

Task<> race_against_nobody(std::size_t& index, int& broken) {
  const auto first = co_await sched::when_any(at_once(), number_after(1h, 2, broken));
  index = first.index;
}

TEST_F(WhenAnyTest, AChildThatEndsAtOnceCancelsThoseThatStartAfterIt) {
  std::size_t index = 99;
  single_.core->spawn(race_against_nobody(index, broken_)).detach();
  single_.core.turn_until_quiet();
  EXPECT_EQ(index, 0u);
  EXPECT_EQ(broken_, 1);
}

TEST_F(WhenAnyTest, CancellationEndsAll) {
  auto handle = single_.core->spawn(race(1h, 1h, trace_, broken_));
  single_.core.turn_until_quiet();
  handle.cancel();
  single_.core.turn_until_quiet();
  EXPECT_TRUE(handle.has_ended());
  EXPECT_EQ(broken_, 2);
}

}  // namespace
