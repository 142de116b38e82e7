#include "corering/sched/sleep.h"

#include <gtest/gtest.h>

#include "test_core.h"

namespace {

using namespace corering;
using namespace std::chrono_literals;
using sched::Task;

enum class Rest { none, full, broken };

Task<> rest_for(base::Duration duration, Rest& rest) {
  const bool rested = co_await sched::sleep_for(duration);
  rest = rested ? Rest::full : Rest::broken;
}

Task<> rest_until(base::Instant deadline, Rest& rest) {
  const bool rested = co_await sched::sleep_until(deadline);
  rest = rested ? Rest::full : Rest::broken;
}

class SleepTest : public testing::Test {
 protected:
  test_core::SingleCore single_;
  Rest rest_ = Rest::none;
};

TEST_F(SleepTest, LastsAtLeastAsLongAsAskedAndAtMostATickMore) {
  single_.core->spawn(rest_for(5ms, rest_)).detach();
  single_.core.turn_until_quiet();
  single_.pass(4'999us);
  EXPECT_EQ(rest_, Rest::none);
  single_.pass(1'001us);
  EXPECT_EQ(rest_, Rest::full);
}

TEST_F(SleepTest, UntilATime) {
  single_.core->spawn(rest_until(single_.clock.now() + 3ms, rest_)).detach();
  single_.core.turn_until_quiet();
  single_.pass(2ms);
  EXPECT_EQ(rest_, Rest::none);
  single_.pass(1ms);
  EXPECT_EQ(rest_, Rest::full);
}

TEST_F(SleepTest, EndsAtOnceWhenItsTaskIsCancelled) {
  auto handle = single_.core->spawn(rest_for(1h, rest_));
  single_.core.turn_until_quiet();
  handle.cancel();
  EXPECT_EQ(rest_, Rest::none) << "resumed by the loop, not by the caller of cancel";
  single_.core.turn_until_quiet();
  EXPECT_EQ(rest_, Rest::broken);
  EXPECT_EQ(single_.core.wheel().next(), base::Instant::never());
}

TEST_F(SleepTest, DoesNotBeginInATaskThatIsCancelled) {
  single_.core->wind_down();
  single_.core->spawn(rest_for(1h, rest_)).detach();
  single_.core.turn_until_quiet();
  EXPECT_EQ(rest_, Rest::broken);
}

// The sleeper's frame is destroyed by the owner of its task while it sleeps.
TEST_F(SleepTest, ASleeperThatIsDestroyedLeavesNothingBehind) {
  {
    Task<> task = rest_for(1h, rest_);
    task.inherit(single_.core->context());
    task.start([](void*) {}, nullptr);
    EXPECT_NE(single_.core.wheel().next(), base::Instant::never());
  }
  EXPECT_EQ(single_.core.wheel().next(), base::Instant::never());
  single_.core->wind_down();
}

TEST(SleepDeathTest, StealableTasksHaveNoTimers) {
  EXPECT_DEATH(
      {
        test_core::SingleCore single;
        Rest rest = Rest::none;
        single.core->spawn_stealable(rest_for(1ms, rest)).detach();
        single.core.turn();
      },
      "a stealable task waits for something that belongs to a core");
}

}  // namespace
