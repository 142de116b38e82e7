#include "corering/sched/fork.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "corering/sched/yield.h"
#include "heap_count.h"
#include "test_core.h"

namespace {

using namespace corering;
using sched::Priority;
using sched::Task;
using test_core::ManualClock;
using test_core::ManualCore;

std::uint64_t fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

Task<std::uint64_t> forked_fib(unsigned n) {
  if (n < 2) co_return n;
  auto left = co_await sched::fork(forked_fib(n - 1));
  const std::uint64_t right = co_await forked_fib(n - 2);
  const std::uint64_t rest = co_await left.join();
  co_return rest + right;
}

Task<> store_fib(unsigned n, std::uint64_t& result) { result = co_await forked_fib(n); }

class ForkTest : public testing::Test {
 protected:
  test_core::SingleCore single_;
};

TEST_F(ForkTest, OnOneCoreItIsAnOrdinaryCall) {
  for (const bool stealable : {false, true}) {
    std::uint64_t result = 0;
    if (stealable) {
      single_.core->spawn_stealable(store_fib(10, result)).detach();
    } else {
      single_.core->spawn(store_fib(10, result)).detach();
    }
    EXPECT_EQ(single_.core.turn({.count_max = 1, .time_max = std::chrono::hours(1)}), 1u);
    EXPECT_EQ(result, fib(10));
  }
}

TEST_F(ForkTest, WarmItDoesWithoutTheHeap) {
  std::uint64_t result = 0;
  const auto run = [&] {
    const std::size_t before = heap_count::allocations();
    single_.core->spawn_stealable(store_fib(10, result)).detach();
    single_.core.turn_until_quiet();
    return heap_count::allocations() - before;
  };
  run();
  for (int round = 0; round < 10; ++round) ASSERT_EQ(run(), 0u);
}

Task<> say(std::string& trace, char name) {
  trace += name;
  co_return;
}

Task<> fork_three(std::string& trace, bool in_reverse) {
  auto a = co_await sched::fork(say(trace, 'a'));
  auto b = co_await sched::fork(say(trace, 'b'));
  auto c = co_await sched::fork(say(trace, 'c'));
  if (in_reverse) {
    co_await c.join();
    co_await b.join();
    co_await a.join();
  } else {
    co_await a.join();
    co_await b.join();
    co_await c.join();
  }
  trace += '.';
}

TEST_F(ForkTest, ChildrenMayBeJoinedInAnyOrder) {
  std::string trace;
  single_.core->spawn(fork_three(trace, true)).detach();
  single_.core.turn_until_quiet();
  EXPECT_EQ(trace, "cba.");
  trace.clear();
  single_.core->spawn_stealable(fork_three(trace, false)).detach();
  single_.core.turn_until_quiet();
  EXPECT_EQ(trace, "abc.");
}

Task<> yield_between(std::string& trace) {
  auto child = co_await sched::fork(say(trace, 'c'));
  co_await sched::yield();
  trace += 'p';
  co_await child.join();
}

TEST_F(ForkTest, AParentMayYieldBeforeItJoins) {
  std::string trace;
  single_.core->spawn_stealable(yield_between(trace)).detach();
  single_.core.turn_until_quiet();
  EXPECT_EQ(trace, "cp");
}

Task<> trace_place(std::string& trace) {
  trace += static_cast<char>('0' + sched::Scheduler::current().index());
  co_return;
}

Task<> fork_and_wait(std::string& trace, ManualCore& thief, ManualCore& home) {
  auto child = co_await sched::fork(trace_place(trace));
  thief.turn();
  (*home).make_current();
  co_await child.join();
  co_await trace_place(trace);
}

TEST(Fork, AChildThatHasEndedElsewhereDoesNotSuspendItsParent) {
  ManualClock clock;
  sched::Fleet fleet(2);
  ManualCore first(0, fleet, clock);
  ManualCore second(1, fleet, clock);
  std::string trace;
  auto handle = first->spawn(fork_and_wait(trace, second, first));
  first.turn({.count_max = 1, .time_max = std::chrono::hours(1)});
  EXPECT_EQ(trace, "10");
  EXPECT_TRUE(handle.has_ended());
  EXPECT_EQ(second->counters().stolen.value(), 1u);
}

Task<> yield_and_trace(std::string& trace) {
  co_await sched::yield();
  co_await trace_place(trace);
}

Task<> join_what_yields(std::string& trace) {
  auto child = co_await sched::fork(yield_and_trace(trace));
  co_await child.join();
  co_await trace_place(trace);
}

// The child is begun by its parent's join and goes on elsewhere: a pinned parent goes on at home, a stealable one where the
// child ended.
TEST(Fork, APinnedParentGoesOnAtHomeAndAStealableOneWhereItsChildEnds) {
  for (const bool stealable : {false, true}) {
    ManualClock clock;
    sched::Fleet fleet(2);
    ManualCore first(0, fleet, clock);
    ManualCore second(1, fleet, clock);
    std::string trace;
    first->make_current();
    auto handle = stealable ? first->spawn_stealable(join_what_yields(trace)) : first->spawn(join_what_yields(trace));
    first.turn({.count_max = 1, .time_max = std::chrono::hours(1)});
    second.turn_until_quiet();
    EXPECT_EQ(trace, stealable ? "11" : "1");
    first.turn_until_quiet();
    EXPECT_EQ(trace, stealable ? "11" : "10");
    EXPECT_TRUE(handle.has_ended());
  }
}

// Without tail calls, that is under sanitizers, every transfer from one coroutine to another takes stack.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr unsigned kLargeFib = 22;
#else
constexpr unsigned kLargeFib = 10;
#endif

TEST(Fork, OnManyCoresTheResultIsTheSame) {
  for (int round = 0; round < 5; ++round) {
    test_core::ThreadCores cores(4);
    std::uint64_t result = 0;
    cores.run([&] { return store_fib(kLargeFib, result); });
    ASSERT_EQ(result, fib(kLargeFib));
  }
}

Task<> leave_without_join(std::string& trace) {
  auto child = co_await sched::fork(say(trace, 'c'));
  static_cast<void>(child);
}

Task<> nothing() { co_return; }

// What the owner forks stays its own until a core has nothing to do, and then goes at the owner's next checkpoint.
Task<> share_with(ManualCore& first, ManualCore& second) {
  const auto idle_core_turns = [&] {
    second.turn({.count_max = 1, .time_max = std::chrono::hours(1)});
    first->make_current();
    return second->counters().stolen.value();
  };
  auto one = co_await sched::fork(nothing());
  EXPECT_EQ(idle_core_turns(), 1u);  // nobody had had anything yet
  auto two = co_await sched::fork(nothing());
  EXPECT_EQ(idle_core_turns(), 1u);  // private; but now it is asked for
  co_await sched::checkpoint();
  EXPECT_EQ(idle_core_turns(), 2u);
  auto three = co_await sched::fork(nothing());
  auto four = co_await sched::fork(nothing());
  EXPECT_EQ(idle_core_turns(), 2u);
  co_await four.join();
  EXPECT_EQ(idle_core_turns(), 3u);  // the join has seen it
  co_await three.join();
  co_await two.join();
  co_await one.join();
}

TEST(Fork, IsPublicFromWhenACoreHasNothingToDo) {
  ManualClock clock;
  sched::Fleet fleet(2);
  ManualCore first(0, fleet, clock);
  ManualCore second(1, fleet, clock);
  const auto handle = first->spawn(share_with(first, second));
  first.turn_until_quiet();
  EXPECT_TRUE(handle.has_ended());
  EXPECT_TRUE(second->is_idle());
}

TEST(ForkDeathTest, MustBeJoined) {
  EXPECT_DEATH(
      {
        test_core::SingleCore single;
        std::string trace;
        single.core->spawn(leave_without_join(trace)).detach();
        single.core.turn();
      },
      "a fork is not joined");
}

}  // namespace
