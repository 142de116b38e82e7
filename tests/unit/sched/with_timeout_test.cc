#include "corering/sched/with_timeout.h"

#include <gtest/gtest.h>

#include "corering/sched/sleep.h"
#include "test_core.h"

namespace {

using namespace corering;
using namespace std::chrono_literals;
using sched::Outcome;
using sched::Stop;
using sched::Task;

Task<int> slow_answer(base::Duration duration, int& undisturbed) {
  const bool rested = co_await sched::sleep_for(duration);
  undisturbed += rested ? 1 : 0;
  co_return 42;
}

Task<> slow(base::Duration duration) { co_await sched::sleep_for(duration); }

template <typename T>
Task<> limit(Task<T> task, base::Duration timeout, Outcome<T>& outcome, int& ends) {
  outcome = co_await sched::with_timeout(std::move(task), timeout);
  ++ends;
}

class WithTimeoutTest : public testing::Test {
 protected:
  test_core::SingleCore single_;
  int ends_ = 0;
  int undisturbed_ = 0;
  Outcome<int> outcome_ = 0;
};

TEST_F(WithTimeoutTest, GivesTheValueOfATaskThatIsInTime) {
  single_.core->spawn(limit(slow_answer(5ms, undisturbed_), 10ms, outcome_, ends_)).detach();
  single_.core.turn_until_quiet();
  single_.pass(6ms);
  EXPECT_EQ(outcome_, 42);
  EXPECT_EQ(undisturbed_, 1);
  EXPECT_EQ(single_.core.wheel().next(), base::Instant::never()) << "the timer is stopped";
}

TEST_F(WithTimeoutTest, GivesUpATaskThatIsLateAndEndsItsWaits) {
  single_.core->spawn(limit(slow_answer(1h, undisturbed_), 10ms, outcome_, ends_)).detach();
  single_.core.turn_until_quiet();
  EXPECT_EQ(single_.core->counters().timed_out.value(), 0u);
  single_.pass(9ms);
  EXPECT_EQ(ends_, 0);
  single_.pass(3ms);
  ASSERT_EQ(ends_, 1);
  EXPECT_EQ(outcome_.error(), Stop::deadline_exceeded);
  EXPECT_EQ(undisturbed_, 0);
  EXPECT_EQ(single_.core.wheel().next(), base::Instant::never());
}

TEST_F(WithTimeoutTest, PassesCancellationOn) {
  auto handle = single_.core->spawn(limit(slow_answer(1h, undisturbed_), 2h, outcome_, ends_));
  single_.core.turn_until_quiet();
  handle.cancel();
  single_.core.turn_until_quiet();
  ASSERT_TRUE(handle.has_ended());
  EXPECT_EQ(outcome_.error(), Stop::cancelled);
}

TEST_F(WithTimeoutTest, WorksWithoutAValueAndNested) {
  Outcome<Outcome<>> outcome;
  single_.core->spawn(limit(sched::with_timeout(slow(1h), 5ms), 10ms, outcome, ends_)).detach();
  single_.core.turn_until_quiet();
  single_.pass(7ms);
  ASSERT_EQ(ends_, 1);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error(), Stop::deadline_exceeded);
}

}  // namespace
