#include "corering/sched/scheduler.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "corering/sched/yield.h"
#include "test_core.h"

namespace {

using namespace corering;
using namespace std::chrono_literals;
using sched::JoinHandle;
using sched::Mobility;
using sched::Outcome;
using sched::Priority;
using sched::SpawnOptions;
using sched::Stop;
using sched::Task;
using test_core::ManualClock;
using test_core::ManualCore;

class SchedulerTest : public testing::Test {
 protected:
  std::uint64_t accounted() {
    const sched::Counters& counters = core_->counters();
    return counters.run() + counters.expired.value() + counters.cancelled.value();
  }

  test_core::SingleCore single_;
  ManualCore& core_ = single_.core;
};

Task<int> answer() { co_return 42; }

Task<> say(std::string& trace, char name) {
  trace += name;
  co_return;
}

template <typename T>
Task<> await(JoinHandle<T> handle, Outcome<T>& outcome) {
  outcome = co_await handle.join();
}

TEST_F(SchedulerTest, ASpawnedTaskRunsInTheNextBatchAndGivesItsValue) {
  for (const bool stealable : {false, true}) {
    JoinHandle<int> handle = stealable ? core_->spawn_stealable(answer()) : core_->spawn(answer());
    EXPECT_FALSE(handle.has_ended());
    Outcome<int> outcome = sched::stopped(Stop::cancelled);
    JoinHandle<> waiting = core_->spawn(await(std::move(handle), outcome));
    core_.turn_until_quiet();
    EXPECT_TRUE(waiting.has_ended());
    EXPECT_EQ(outcome, 42);
  }
  EXPECT_EQ(core_->counters().spawned.value(), 4u);
  EXPECT_EQ(core_->counters().run(), 4u);
}

TEST_F(SchedulerTest, ADetachedTaskRunsByItself) {
  std::string trace;
  core_->spawn(say(trace, 'a')).detach();
  core_->spawn_stealable(say(trace, 'b')).detach();
  core_.turn();
  EXPECT_EQ(trace.size(), 2u);
  EXPECT_TRUE(core_->is_idle());
}

TEST_F(SchedulerTest, PinnedTasksOfOnePriorityRunInTheOrderOfSpawning) {
  std::string trace;
  for (const char name : {'a', 'b', 'c', 'd'}) core_->spawn(say(trace, name)).detach();
  core_.turn();
  EXPECT_EQ(trace, "abcd");
}

TEST_F(SchedulerTest, StealableTasksOfOnePriorityRunInTheOrderOfSpawning) {
  std::string trace;
  for (const char name : {'a', 'b', 'c', 'd'}) core_->spawn_stealable(say(trace, name)).detach();
  core_.turn();
  EXPECT_EQ(trace, "abcd");
}

TEST_F(SchedulerTest, MoreUrgentTasksRunFirstWhateverTheirKind) {
  std::string trace;
  core_->spawn(say(trace, 'l'), {.priority = Priority::low}).detach();
  core_->spawn_stealable(say(trace, 'n'), {.priority = Priority::normal}).detach();
  core_->spawn(say(trace, 'h'), {.priority = Priority::high}).detach();
  core_->spawn_stealable(say(trace, 'u'), {.priority = Priority::urgent}).detach();
  core_.turn();
  EXPECT_EQ(trace, "uhnl");
}

// Neither kind may keep the other of the same priority waiting.
TEST_F(SchedulerTest, PinnedAndStealableTasksOfOnePriorityTakeTurns) {
  std::string trace;
  for (int count = 0; count < 4; ++count) core_->spawn(say(trace, 'p')).detach();
  for (int count = 0; count < 4; ++count) core_->spawn_stealable(say(trace, 's')).detach();
  core_.turn();
  EXPECT_EQ(trace, "pspspsps");
}

Task<> go_on(const bool& stop, std::size_t& runs) {
  while (!stop) {
    ++runs;
    co_await sched::yield();
  }
}

// The promise of priority.h, with tasks of all priorities that never have enough.
TEST_F(SchedulerTest, TheLowestPriorityKeepsItsShareUnderPressureOfAllOthers) {
  bool stop = false;
  std::array<std::size_t, sched::kPriorities> runs{};
  for (const Priority priority : sched::kAllPriorities) {
    core_->spawn(go_on(stop, runs[index_of(priority)]), {.priority = priority}).detach();
    core_->spawn_stealable(go_on(stop, runs[index_of(priority)]), {.priority = priority}).detach();
  }
  for (int batch = 0; batch < 57; ++batch) EXPECT_EQ(core_.turn({.count_max = 20, .time_max = 1h}), 20u);
  for (const Priority priority : sched::kAllPriorities) {
    EXPECT_EQ(runs[index_of(priority)], 10 * sched::Rounds::kShares[index_of(priority)]) << index_of(priority);
  }
  stop = true;
  core_.turn_until_quiet();
}

TEST_F(SchedulerTest, ABatchIsBoundedInNumber) {
  std::string trace;
  for (int count = 0; count < 10; ++count) core_->spawn(say(trace, 'x')).detach();
  EXPECT_EQ(core_.turn({.count_max = 3, .time_max = 1h}), 3u);
  EXPECT_EQ(trace.size(), 3u);
  EXPECT_TRUE(core_->has_work());
  core_.turn_until_quiet();
}

Task<> take_time(ManualClock& clock, base::Duration duration) {
  clock.advance(duration);
  co_return;
}

TEST_F(SchedulerTest, ABatchIsBoundedInTime) {
  const sched::BatchLimits limits{.count_max = 1'000, .time_max = 100us};
  for (int count = 0; count < 10; ++count) core_->spawn_stealable(take_time(single_.clock, 30us)).detach();
  EXPECT_EQ(core_.turn(limits), 4u);
  for (int count = 0; count < 40; ++count) core_->spawn(take_time(single_.clock, 30us), {.priority = Priority::urgent}).detach();
  EXPECT_EQ(core_.turn(limits), 4u);
  core_.turn_until_quiet();
}

// Short work is not timed piece by piece, so long work that comes after it is noticed a little late, once.
TEST_F(SchedulerTest, LongWorkAfterShortWorkIsNoticed) {
  const sched::BatchLimits limits{.count_max = 1'000, .time_max = 100us};
  for (int count = 0; count < 500; ++count) core_->spawn(take_time(single_.clock, 30ns), {.priority = Priority::urgent}).detach();
  EXPECT_EQ(core_.turn(limits), 500u);
  for (int count = 0; count < 80; ++count) core_->spawn(take_time(single_.clock, 30us), {.priority = Priority::urgent}).detach();
  EXPECT_LE(core_.turn(limits), 32u);
  EXPECT_EQ(core_.turn(limits), 4u);
  core_.turn_until_quiet();
}

TEST_F(SchedulerTest, WorkThatHasExpiredIsNotRunAndItsWaiterIsTold) {
  std::string trace;
  const base::Instant deadline = single_.clock.now() + 1ms;
  for (const bool stealable : {false, true}) {
    const SpawnOptions options{.deadline = deadline};
    Outcome<> outcome;
    core_
        ->spawn(
            await(stealable ? core_->spawn_stealable(say(trace, 'x'), options) : core_->spawn(say(trace, 'x'), options), outcome))
        .detach();
    single_.clock.advance(2ms);
    core_.turn_until_quiet();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), Stop::deadline_exceeded);
  }
  EXPECT_EQ(trace, "");
  EXPECT_EQ(core_->counters().expired.value(), 2u);
  EXPECT_EQ(accounted(), core_->counters().spawned.value());
}

TEST_F(SchedulerTest, WorkIsRunUpToItsDeadline) {
  std::string trace;
  core_->spawn(say(trace, 'x'), {.deadline = single_.clock.now() + 1ms}).detach();
  single_.clock.advance(1ms);
  core_.turn();
  EXPECT_EQ(trace, "x");
}

TEST_F(SchedulerTest, WorkThatIsCancelledBeforeItBeginsIsNotRunAndItsWaiterIsTold) {
  std::string trace;
  for (const bool stealable : {false, true}) {
    JoinHandle<> handle = stealable ? core_->spawn_stealable(say(trace, 'x')) : core_->spawn(say(trace, 'x'));
    handle.cancel();
    Outcome<> outcome;
    core_->spawn(await(std::move(handle), outcome)).detach();
    core_.turn_until_quiet();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), Stop::cancelled);
  }
  EXPECT_EQ(trace, "");
  EXPECT_EQ(core_->counters().cancelled.value(), 2u);
  EXPECT_EQ(accounted(), core_->counters().spawned.value());
}

Task<int> seven_when_cancelled() {
  for (;;) {
    const bool goes_on = co_await sched::yield();
    if (!goes_on) co_return 7;
  }
}

// What has begun delivers its value: it alone knows what it has done.
TEST_F(SchedulerTest, ARunningTaskThatIsCancelledLearnsOfItAndStillDelivers) {
  for (const bool stealable : {false, true}) {
    JoinHandle<int> handle = stealable ? core_->spawn_stealable(seven_when_cancelled()) : core_->spawn(seven_when_cancelled());
    core_.turn({.count_max = 5, .time_max = 1h});
    EXPECT_FALSE(handle.has_ended());
    handle.cancel();
    Outcome<int> outcome = sched::stopped(Stop::cancelled);
    core_->spawn(await(std::move(handle), outcome)).detach();
    core_.turn_until_quiet();
    EXPECT_EQ(outcome, 7);
  }
}

TEST_F(SchedulerTest, TasksKnowTheirContext) {
  std::string trace;
  const auto look = [](std::string& place) -> Task<> {
    const sched::TaskContext& here = co_await sched::this_task();
    place = here.mobility == Mobility::stealable && here.priority == Priority::high ? "stealable, high" : "?";
  };
  core_->spawn_stealable(look(trace), {.priority = Priority::high}).detach();
  core_.turn();
  EXPECT_EQ(trace, "stealable, high");
}

Task<> check_until_due(int& checks, ManualClock& clock) {
  for (; checks < 10; ++checks) {
    clock.advance(30us);
    co_await sched::checkpoint();
  }
}

TEST_F(SchedulerTest, ACheckpointYieldsOnlyWhenTheBatchHasLastedLongEnough) {
  int checks = 0;
  core_->spawn_stealable(check_until_due(checks, single_.clock)).detach();
  EXPECT_EQ(core_.turn({.count_max = 100, .time_max = 100us}), 1u);
  EXPECT_EQ(checks, 3);
  core_.turn_until_quiet();
  EXPECT_EQ(checks, 10);
}

Task<> spawn_urgent_and_check(std::string& trace) {
  sched::spawn(say(trace, 'u'), {.priority = Priority::urgent}).detach();
  co_await sched::checkpoint();
  trace += 'n';
}

TEST_F(SchedulerTest, ACheckpointYieldsToMoreUrgentWork) {
  std::string trace;
  core_->spawn(spawn_urgent_and_check(trace)).detach();
  core_.turn_until_quiet();
  EXPECT_EQ(trace, "un");
}

class FakeIo final : public sched::IoWatch {
 public:
  bool has_io() const noexcept override { return is_there; }

  bool is_there = false;
};

Task<> count_pieces(int& pieces) {
  for (; pieces < 10; ++pieces) co_await sched::checkpoint();
}

// One piece per batch, so that it keeps its share; and not even that long if there is no I/O.
TEST_F(SchedulerTest, LowWorkGivesWayToIoAtItsNextCheckpointOtherWorkWhenTheBatchIsOver) {
  FakeIo io;
  const sched::BatchLimits limits{.count_max = 100, .time_max = 1h, .io = &io};
  for (const bool stealable : {false, true}) {
    for (const Priority priority : sched::kAllPriorities) {
      int pieces = 0;
      int others = 0;
      const SpawnOptions options{.priority = priority};
      stealable ? core_->spawn_stealable(count_pieces(pieces), options).detach()
                : core_->spawn(count_pieces(pieces), options).detach();
      core_->spawn(count_pieces(others), options).detach();
      io.is_there = true;
      core_.turn(limits);
      EXPECT_EQ(pieces + others, priority == Priority::low ? 0 : 20);
      core_.turn(limits);
      core_.turn(limits);
      EXPECT_EQ(pieces + others, priority == Priority::low ? 1 : 20);
      io.is_there = false;
      core_.turn(limits);
      EXPECT_EQ(pieces + others, 20);
      core_.turn_until_quiet();
    }
  }
}

TEST_F(SchedulerTest, WindingDownRunsWhatWasSpawnedAndCancelAllDoesNot) {
  std::string trace;
  core_->spawn(say(trace, 'p')).detach();
  core_->spawn_stealable(say(trace, 's')).detach();
  core_->wind_down();
  core_.turn_until_quiet();
  EXPECT_EQ(trace.size(), 2u);
  core_->spawn(say(trace, 'p')).detach();
  core_->spawn_stealable(say(trace, 's')).detach();
  core_->cancel_all();
  core_.turn_until_quiet();
  EXPECT_EQ(trace.size(), 2u);
  EXPECT_EQ(core_->counters().cancelled.value(), 2u);
  EXPECT_TRUE(core_->is_idle());
}

TEST_F(SchedulerTest, CountsTimeByPriority) {
  core_->spawn_stealable(take_time(single_.clock, 30us), {.priority = Priority::low}).detach();
  core_->spawn_stealable(take_time(single_.clock, 20us), {.priority = Priority::high}).detach();
  single_.clock.advance(5us);
  core_.turn();
  const auto& low = core_->counters().of[index_of(Priority::low)];
  const auto& high = core_->counters().of[index_of(Priority::high)];
  EXPECT_EQ(low.busy_ns.value(), 30'000u);
  EXPECT_EQ(high.busy_ns.value(), 20'000u);
  EXPECT_EQ(high.wait_ns.value(), 5'000u);
  EXPECT_EQ(low.wait_ns.value(), 25'000u);
  for (const auto* of : {&high, &low}) {
    const auto ran = of->ran_ns.read();
    EXPECT_EQ(ran.sum(), of->busy_ns.value());
    const auto waited = of->waited_ns.read();
    EXPECT_EQ(waited.count(), 1u);  // the first, and then one in sixteen
    EXPECT_EQ(waited.sum(), of->wait_ns.value());
  }
  EXPECT_EQ(low.run.value(), 1u);
}

TEST(SchedulerDeathTest, MustNotDieBeforeItsTasks) {
  EXPECT_DEATH(
      {
        test_core::SingleCore single;
        single.core->spawn(answer()).detach();
      },
      "before its tasks have ended");
}

}  // namespace
