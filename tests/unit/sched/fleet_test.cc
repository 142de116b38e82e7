#include "corering/sched/fleet.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "test_core.h"

namespace {

using namespace corering;
using namespace std::chrono_literals;
using sched::JoinHandle;
using sched::Outcome;
using sched::Priority;
using sched::Stop;
using sched::Task;
using test_core::ManualClock;
using test_core::ManualCore;

Task<int> answer() { co_return 42; }

Task<> say(std::string& trace, char name) {
  trace += name;
  co_return;
}

template <typename T>
Task<> await(JoinHandle<T> handle, Outcome<T>& outcome) {
  outcome = co_await handle.join();
}

// Two cores on one thread: what one spawns the other takes.
class TwoCoresTest : public testing::Test {
 protected:
  ManualClock clock_;
  sched::Fleet fleet_{2};
  ManualCore first_{0, fleet_, clock_};
  ManualCore second_{1, fleet_, clock_};
};

Task<std::uint16_t> where() { co_return sched::Scheduler::current().index(); }

TEST_F(TwoCoresTest, AnIdleCoreTakesHalfOfWhatAnotherHas) {
  std::vector<JoinHandle<std::uint16_t>> handles;
  for (int count = 0; count < 10; ++count) handles.push_back(first_->spawn_stealable(where()));
  second_.turn({.count_max = 1, .time_max = 1h});
  EXPECT_EQ(second_->counters().stolen.value(), 5u);
  second_.turn_until_quiet();
  first_.turn_until_quiet();
  int stolen = 0;
  for (auto& handle : handles) {
    Outcome<std::uint16_t> place = sched::stopped(Stop::cancelled);
    ASSERT_TRUE(handle.has_ended());
    first_->spawn(await(std::move(handle), place)).detach();
    first_.turn_until_quiet();
    stolen += place.value();
  }
  EXPECT_EQ(stolen, 10);  // second_ came back for the rest
  EXPECT_EQ(first_->counters().run(), 20u);
}

TEST_F(TwoCoresTest, AnIdleCoreTakesTheMostUrgentFirst) {
  std::string trace;
  first_->spawn_stealable(say(trace, 'l'), {.priority = Priority::low}).detach();
  first_->spawn_stealable(say(trace, 'u'), {.priority = Priority::urgent}).detach();
  second_.turn({.count_max = 1, .time_max = 1h});
  EXPECT_EQ(trace, "u");
  second_.turn_until_quiet();
  first_.turn_until_quiet();
}

TEST_F(TwoCoresTest, PinnedTasksAreNotTaken) {
  JoinHandle<std::uint16_t> handle = first_->spawn(where());
  EXPECT_EQ(second_.turn(), 0u);
  EXPECT_FALSE(handle.has_ended());
  first_.turn_until_quiet();
  EXPECT_TRUE(handle.has_ended());
}

TEST_F(TwoCoresTest, TheResultComesBackToTheCoreThatAsked) {
  std::uint16_t resumed_on = 99;
  const auto ask = [](JoinHandle<std::uint16_t> handle, std::uint16_t& place) -> Task<> {
    const Outcome<std::uint16_t> ran_on = co_await handle.join();
    place = static_cast<std::uint16_t>(ran_on.value() * 10 + sched::Scheduler::current().index());
  };
  first_->spawn(ask(first_->spawn_stealable(where(), {.priority = Priority::low}), resumed_on)).detach();
  first_.turn({.count_max = 1, .time_max = 1h});  // only the asking task
  second_.turn_until_quiet();
  EXPECT_EQ(resumed_on, 99);
  first_.turn_until_quiet();
  EXPECT_EQ(resumed_on, 10);
  EXPECT_EQ(second_->counters().run(), 0u);
  EXPECT_EQ(first_->counters().run(), 2u);
}

TEST_F(TwoCoresTest, WorkOfACoreThatAbortsIsCancelledWhereverItLies) {
  std::string trace;
  for (int count = 0; count < 4; ++count) first_->spawn_stealable(say(trace, 'x')).detach();
  second_.turn({.count_max = 1, .time_max = 1h});
  first_->cancel_all();
  second_.turn_until_quiet();
  first_.turn_until_quiet();
  EXPECT_EQ(trace, "x");
  EXPECT_EQ(first_->counters().cancelled.value(), 3u);
}

TEST_F(TwoCoresTest, ASleepingCoreIsWokenForStealableWorkOnceAndNotForPinned) {
  ASSERT_TRUE(second_->try_sleep());
  first_->make_current();
  first_->spawn(answer()).detach();
  EXPECT_EQ(second_.alarm().count, 0);
  first_->spawn_stealable(answer()).detach();
  first_->spawn_stealable(answer()).detach();
  EXPECT_EQ(second_.alarm().count, 1);
  EXPECT_EQ(first_->counters().wakes.value(), 1u);
  second_.turn_until_quiet();
  first_.turn_until_quiet();
}

// Whoever is woken to search and finds that it has work of its own does that first; somebody else is woken to search instead.
TEST(Fleet, ACoreThatHasWorkPassesTheSearchOn) {
  test_core::ManualClock clock;
  sched::Fleet fleet(3);
  ManualCore first(0, fleet, clock);
  ManualCore second(1, fleet, clock);
  ManualCore third(2, fleet, clock);
  ASSERT_TRUE(second->try_sleep());
  ASSERT_TRUE(third->try_sleep());
  first->make_current();
  first->spawn_stealable(answer()).detach();
  ASSERT_EQ(second.alarm().count + third.alarm().count, 1);
  ManualCore& woken = second.alarm().count == 1 ? second : third;
  woken->make_current();
  woken->spawn(answer()).detach();
  woken.turn({.count_max = 1, .time_max = 1h});
  EXPECT_EQ(second.alarm().count, 1);
  EXPECT_EQ(third.alarm().count, 1);
  for (ManualCore* core : {&second, &third, &first}) {
    (*core)->wake_up();
    core->turn_until_quiet();
  }
}

TEST_F(TwoCoresTest, ACoreDoesNotSleepWhileAnotherHasWorkToShare) {
  first_->spawn_stealable(answer()).detach();
  EXPECT_FALSE(second_->try_sleep());
  first_.turn_until_quiet();
  EXPECT_TRUE(second_->try_sleep());
  second_->wake_up();
}

Task<> let_sleep(sched::Scheduler& other, bool& sleeps) {
  sleeps = other.try_sleep();
  co_return;
}

TEST_F(TwoCoresTest, AResultWakesTheCoreThatAsked) {
  bool sleeps = false;
  const JoinHandle<> handle = first_->spawn_stealable(let_sleep(*first_, sleeps));
  EXPECT_FALSE(first_->try_sleep()) << "it has work";
  second_.turn();
  EXPECT_TRUE(sleeps) << "its only work runs elsewhere";
  EXPECT_EQ(first_.alarm().count, 1);
  EXPECT_FALSE(first_->try_sleep()) << "the result is there";
  EXPECT_FALSE(handle.has_ended());
  first_.turn_until_quiet();
  EXPECT_TRUE(handle.has_ended());
}

}  // namespace
