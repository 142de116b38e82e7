#include "corering/runtime/call_on.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core_pair.h"
#include "corering/sched/sleep.h"
#include "corering/sched/with_timeout.h"

namespace runtime_test {
namespace {

using namespace std::chrono_literals;
using runtime::Core;
using runtime::CoreId;
using sched::Outcome;
using sched::Stop;
using sched::Task;

// What an asker heard. A value is on the heap, so that AddressSanitizer would report its loss.
using Owned = std::unique_ptr<std::string>;
struct Heard {
  int times = 0;
  Owned value;
  Stop stop{};
};

Owned greet(Core& there, const std::string& name) {
  return std::make_unique<std::string>(name + " on core " + std::to_string(there.id().value));
}

// A coroutine of the other core: sleeps there, and says whether it was allowed to.
struct Rest {
  int begun = 0;
  int rested = 0;
  int broken = 0;
};
Task<Owned> rest(Core& there, base::Duration duration, Rest& log) {
  ++log.begun;
  EXPECT_EQ(sched::Scheduler::current().index(), there.id().value);
  const bool rested = co_await sched::sleep_for(duration);
  (rested ? log.rested : log.broken) += 1;
  co_return std::make_unique<std::string>(rested ? "rested" : "broken");
}

template <typename... Call>
Task<> ask(Core& here, CoreId to, Heard& heard, Call... call) {
  Outcome<Owned> outcome = co_await runtime::call_on(here, to, std::move(call)...);
  EXPECT_EQ(sched::Scheduler::current().index(), here.id().value);
  ++heard.times;
  if (outcome) {
    heard.value = std::move(*outcome);
  } else {
    heard.stop = outcome.error();
  }
}

class CallOn : public CorePair {
 protected:
  sched::JoinHandle<> ask_greeting(CoreId to, const sched::SpawnOptions& options = {}) {
    return core(0).scheduler().spawn(ask(core(0), to, heard_, &greet, std::string("hello")), options);
  }
  sched::JoinHandle<> ask_rest(base::Duration duration, const sched::SpawnOptions& options = {}) {
    return core(0).scheduler().spawn(ask(core(0), kThere, heard_, &rest, duration, std::ref(log_)), options);
  }
  // Nothing more fits until core 1 has taken some.
  void fill_mailbox() {
    const auto ignore = [](Core&, const runtime::Message&) {};
    while (core(0).try_post(kThere, {+ignore, 0})) {
    }
  }

  Heard heard_;
  Rest log_;
};

TEST_F(CallOn, AFunctionRunsThereAndItsResultComesBack) {
  const auto handle = ask_greeting(kThere);
  turn(0);
  EXPECT_EQ(core(0).calls().counters().outstanding.value(), 1u);
  turn(1);
  EXPECT_FALSE(handle.has_ended());
  turn(0);  // takes the answer
  turn(0);  // resumes
  ASSERT_TRUE(handle.has_ended());
  ASSERT_TRUE(heard_.value);
  EXPECT_EQ(*heard_.value, "hello on core 1");
  EXPECT_EQ(counter("calls_started"), 1u);
  EXPECT_EQ(counter("calls_served"), 1u);
  EXPECT_EQ(counter("calls_answered"), 1u);
}

TEST_F(CallOn, TheOwnCoreCanBeAskedToo) {
  const auto handle = ask_greeting(kHere);
  turn_both(4);
  ASSERT_TRUE(handle.has_ended());
  EXPECT_EQ(*heard_.value, "hello on core 0");
}

TEST_F(CallOn, ACoroutineWaitsThereAndItsResultComesBack) {
  const auto handle = ask_rest(5ms);
  turn_both(3);
  EXPECT_EQ(log_.begun, 1);
  EXPECT_FALSE(handle.has_ended());
  pass(7ms);
  turn_both(4);
  ASSERT_TRUE(handle.has_ended());
  EXPECT_EQ(*heard_.value, "rested");
}

TEST_F(CallOn, NothingAsResultAndAWrappedFunctionObject) {
  int called = 0;
  const auto body = [](Core& here, CoreId to, int& count) -> Task<> {
    auto add = [&count](Core&, std::unique_ptr<int> number) { count += *number; };
    auto number = std::make_unique<int>(3);
    const Outcome<> added = co_await runtime::call_on(here, to, std::move(add), std::move(number));
    EXPECT_TRUE(added);
    auto add_later = [&count](Core& there) -> Task<> {
      EXPECT_EQ(there.id().value, 1);
      const bool rested = co_await sched::sleep_for(1ms);
      count += rested ? 4 : 0;
    };
    const Outcome<> added_later = co_await runtime::call_on(here, to, std::move(add_later));
    EXPECT_TRUE(added_later);
  };
  const auto handle = core(0).scheduler().spawn(body(core(0), kThere, called));
  turn_both(5);
  EXPECT_EQ(called, 3);
  pass(3ms);
  turn_both(5);
  EXPECT_TRUE(handle.has_ended());
  EXPECT_EQ(called, 7);
}

TEST_F(CallOn, WhatHasExpiredIsNotBegunAndItsAskerIsTold) {
  const auto handle = ask_rest(0ms, {.deadline = core(0).now() + 10ms});
  turn(0);
  pass(20ms);
  turn_both(4);
  ASSERT_TRUE(handle.has_ended());
  EXPECT_EQ(heard_.stop, Stop::deadline_exceeded);
  EXPECT_EQ(log_.begun, 0);
  EXPECT_EQ(counter("calls_expired"), 1u);
}

TEST_F(CallOn, ACoroutineHasThePriorityAndTheDeadlineOfItsAsker) {
  const base::Instant deadline = core(0).now() + 1h;
  sched::TaskContext seen;
  const auto look = [](Core&, sched::TaskContext& into) -> Task<Owned> {
    const sched::TaskContext& here = co_await sched::this_task();
    into = here;
    co_return nullptr;
  };
  core(0)
      .scheduler()
      .spawn(ask(core(0), kThere, heard_, look, std::ref(seen)), {.priority = sched::Priority::high, .deadline = deadline})
      .detach();
  turn_both(4);
  EXPECT_EQ(heard_.times, 1);
  EXPECT_EQ(seen.priority, sched::Priority::high);
  EXPECT_EQ(seen.deadline, deadline);
  EXPECT_EQ(seen.home, &core(1).scheduler());
}

// Cancellation.

TEST_F(CallOn, ACancelledTaskDoesNotCall) {
  core(0).scheduler().wind_down();
  ask_greeting(kThere).detach();
  turn_both(2);
  EXPECT_EQ(heard_.times, 1);
  EXPECT_EQ(heard_.stop, Stop::cancelled);
  EXPECT_EQ(counter("calls_started"), 0u);
}

TEST_F(CallOn, CancelledOnTheWayItIsNotBegun) {
  auto handle = ask_rest(0ms);
  turn(0);
  handle.cancel();
  turn(0);
  EXPECT_EQ(heard_.times, 1);
  EXPECT_EQ(heard_.stop, Stop::cancelled);
  turn_both(4);
  EXPECT_EQ(log_.begun, 0);
  EXPECT_EQ(counter("calls_cancelled"), 1u);
  EXPECT_EQ(core(0).calls().counters().outstanding.value(), 0u);
}

TEST_F(CallOn, CancelledMeanwhileTheAskerGoesOnAndTheOtherSideSeesItsWaitsEnd) {
  auto handle = ask_rest(1h);
  turn_both(2);
  EXPECT_EQ(log_.begun, 1);
  handle.cancel();
  turn(0);
  EXPECT_EQ(heard_.times, 1);
  EXPECT_EQ(heard_.stop, Stop::cancelled);
  EXPECT_EQ(log_.broken, 0);
  EXPECT_EQ(core(0).calls().counters().outstanding.value(), 1u);
  turn_both(4);
  EXPECT_EQ(log_.broken, 1);
  EXPECT_EQ(core(0).calls().counters().outstanding.value(), 0u);
}

TEST_F(CallOn, WhatHasBeenAnsweredIsDelivered) {
  auto handle = ask_greeting(kThere);
  turn_both(1);
  turn(0);  // takes the answer and queues the asker
  handle.cancel();
  turn(0);
  EXPECT_EQ(heard_.times, 1);
  EXPECT_TRUE(heard_.value);
}

// The cancel letter and the answer cross each other.
TEST_F(CallOn, CancelledWhileTheAnswerIsOnItsWay) {
  auto handle = ask_rest(0ms);
  turn(0);
  pass(3ms);
  turn_both(1);
  turn(1);
  pass(3ms);
  turn(1);
  turn(1);
  EXPECT_EQ(log_.rested, 1);
  handle.cancel();
  turn_both(4);
  EXPECT_EQ(heard_.times, 1);
  EXPECT_EQ(heard_.stop, Stop::cancelled);
  EXPECT_EQ(core(0).calls().counters().outstanding.value(), 0u);
}

TEST_F(CallOn, ATimeoutEndsACall) {
  Stop stop{};
  const auto body = [](Core& here, Rest& log, Stop& why) -> Task<> {
    Heard heard;
    auto call = ask(here, kThere, heard, &rest, base::Duration(1h), std::ref(log));
    const Outcome<> outcome = co_await sched::with_timeout(std::move(call), 10ms);
    EXPECT_FALSE(outcome);
    if (!outcome) why = outcome.error();
  };
  const auto handle = core(0).scheduler().spawn(body(core(0), log_, stop));
  turn_both(3);
  pass(20ms);
  turn_both(4);
  EXPECT_TRUE(handle.has_ended());
  EXPECT_EQ(stop, Stop::deadline_exceeded);
  EXPECT_EQ(log_.broken, 1);
}

TEST_F(CallOn, ACoroutineThatIsDestroyedForgetsItsCall) {
  {
    auto task = ask(core(0), kThere, heard_, &rest, base::Duration(1h), std::ref(log_));
    task.inherit(core(0).scheduler().context());
    bool done = false;
    task.start([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
    turn_both(2);
    EXPECT_EQ(log_.begun, 1);
    EXPECT_FALSE(done);
  }
  turn_both(4);
  EXPECT_EQ(log_.broken, 1);
  EXPECT_EQ(heard_.times, 0);
}

// Back-pressure.

TEST_F(CallOn, AFullMailboxMakesTheAskerWaitAndNobodyOvertakesIt) {
  fill_mailbox();
  const auto handle = ask_greeting(kThere);
  turn(0);
  EXPECT_EQ(counter("calls_delayed"), 1u);
  turn(1);  // makes some room
  const auto ignore = [](Core&, const runtime::Message&) {};
  EXPECT_FALSE(core(0).try_post(kThere, {+ignore, 0})) << "there is room, and somebody waits for it";
  turn(0);  // the letter leaves
  EXPECT_TRUE(core(0).try_post(kThere, {+ignore, 0}));
  turn_both(6);
  EXPECT_TRUE(handle.has_ended());
  EXPECT_TRUE(heard_.value);
}

TEST_F(CallOn, CancelledWhileItWaitsForRoomItNeverLeaves) {
  fill_mailbox();
  auto handle = ask_rest(0ms);
  turn(0);
  handle.cancel();
  turn(0);
  EXPECT_EQ(heard_.stop, Stop::cancelled);
  EXPECT_EQ(core(0).calls().counters().outstanding.value(), 0u);
  turn_both(6);
  EXPECT_EQ(log_.begun, 0);
}

TEST_F(CallOn, ManyMoreCallsThanTheMailboxHoldsAllAnswer) {
  constexpr std::size_t kCalls = 3 * runtime::Mailbox::kCapacity;
  std::vector<Heard> heard(kCalls);
  for (std::size_t index = 0; index < kCalls; ++index) {
    core(0).scheduler().spawn(ask(core(0), kThere, heard[index], &greet, std::to_string(index))).detach();
  }
  for (int turns = 0; turns < 20; ++turns) turn(0);
  turn_both(100);
  for (std::size_t index = 0; index < kCalls; ++index) {
    ASSERT_TRUE(heard[index].value) << index;
    EXPECT_EQ(*heard[index].value, std::to_string(index) + " on core 1");
  }
  EXPECT_GE(counter("calls_delayed"), kCalls - runtime::Mailbox::kCapacity);
  EXPECT_EQ(counter("messages_refused"), 0u);
}

// The end.

TEST_F(CallOn, ADrainWaitsForCallsAndTheirTasksAndTheirAskersAreCancelled) {
  auto handle = ask_rest(1h);
  turn_both(2);
  EXPECT_EQ(log_.begun, 1);
  EXPECT_TRUE(drain());
  EXPECT_TRUE(handle.has_ended());
  EXPECT_EQ(heard_.stop, Stop::cancelled);
  EXPECT_EQ(log_.broken, 1);
}

TEST_F(CallOn, AnAbortBeginsNothing) {
  ask_rest(0ms).detach();
  turn(0);
  core(1).request(Core::Request::abort);
  core(0).request(Core::Request::abort);
  turn(1);
  turn_both(1);
  EXPECT_EQ(log_.begun, 0);
  turn_both(3);
  EXPECT_EQ(heard_.stop, Stop::cancelled);
}

// A task that goes on after its core has arrived at the barrier, and calls one that has left.
TEST_F(CallOn, ACoreThatHasLeftIsUnreachable) {
  EXPECT_TRUE(core(0).calls().is_idle());
  core(1).request(Core::Request::drain);
  core(0).request(Core::Request::drain);
  const auto handle = ask_greeting(kThere);
  turn(1);
  turn(1);
  int turns = 0;
  while (!has_left(1) && ++turns < 20) turn_both(1);
  // Both have drained: the greeting was answered, or its asker cancelled, before either left.
  EXPECT_TRUE(handle.has_ended());
  EXPECT_EQ(heard_.times, 1);
  Heard late;
  bool done = false;
  auto task = ask(core(0), kThere, late, &greet, std::string("late"));
  sched::CancelScope scope;
  sched::TaskContext context{.home = &core(0).scheduler(), .scope = &scope};
  task.inherit(context);
  task.start([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
  core(0).scheduler().make_current();
  core(0).calls().give_up_on_the_departed();
  ASSERT_FALSE(core(0).ready().empty());
  core(0).scheduler().run({});
  EXPECT_TRUE(done);
  EXPECT_EQ(late.stop, Stop::unreachable);
  EXPECT_EQ(counter("calls_unreachable"), 1u);
}

}  // namespace
}  // namespace runtime_test
