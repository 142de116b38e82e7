#include "corering/sched/when_all.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "corering/sched/sleep.h"
#include "test_core.h"

namespace {

using namespace corering;
using namespace std::chrono_literals;
using sched::Task;

Task<int> number_after(base::Duration duration, int number) {
  if (duration > base::Duration::zero()) co_await sched::sleep_for(duration);
  co_return number;
}

Task<std::unique_ptr<std::string>> text_after(base::Duration duration) {
  co_await sched::sleep_for(duration);
  co_return std::make_unique<std::string>("text");
}

Task<> nothing_after(base::Duration duration, bool& rested) { rested = co_await sched::sleep_for(duration); }

class WhenAllTest : public testing::Test {
 protected:
  test_core::SingleCore single_;
  std::string trace_;
  bool rested_ = false;
};

Task<> gather(std::string& trace, bool& rested) {
  auto [number, text, nothing] = co_await sched::when_all(number_after(20ms, 7), text_after(10ms), nothing_after(5ms, rested));
  static_cast<void>(nothing);
  trace = std::to_string(number) + *text;
}

TEST_F(WhenAllTest, WaitsForTheLastAndGivesAllValuesInOrder) {
  single_.core->spawn(gather(trace_, rested_)).detach();
  single_.core.turn_until_quiet();
  single_.pass(15ms);
  EXPECT_TRUE(rested_);
  EXPECT_EQ(trace_, "");
  single_.pass(10ms);
  EXPECT_EQ(trace_, "7text");
}

TEST_F(WhenAllTest, CancellationEndsEveryChild) {
  auto handle = single_.core->spawn(gather(trace_, rested_));
  single_.core.turn_until_quiet();
  handle.cancel();
  single_.core.turn_until_quiet();
  EXPECT_TRUE(handle.has_ended());
  EXPECT_FALSE(rested_);
  EXPECT_EQ(single_.core.wheel().next(), base::Instant::never());
}

Task<> gather_at_once(int& sum) {
  auto [left, right] = co_await sched::when_all(number_after(0ms, 1), number_after(0ms, 2));
  sum = left + right;
}

TEST_F(WhenAllTest, ChildrenThatNeverSuspendNeedNoTurn) {
  int sum = 0;
  single_.core->spawn(gather_at_once(sum)).detach();
  EXPECT_EQ(single_.core.turn(), 1u);
  EXPECT_EQ(sum, 3);
}

TEST(WhenAllDeathTest, StealableTasksForkInstead) {
  EXPECT_DEATH(
      {
        test_core::SingleCore single;
        int sum = 0;
        single.core->spawn_stealable(gather_at_once(sum)).detach();
        single.core.turn();
      },
      "fork them");
}

}  // namespace
