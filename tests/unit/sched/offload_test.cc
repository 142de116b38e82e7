#include "corering/sched/offload.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "corering/sched/task.h"
#include "offload_port_on_a_thread.h"

namespace sched_test {
namespace {

std::string greet(std::string name) { return "hello " + name; }

struct Found {
  std::string text;
  std::thread::id thread;
};
Found look_around(int number) { return {std::to_string(number), std::this_thread::get_id()}; }

sched::Task<> ask(sched::OffloadPort& port, std::vector<std::string>& answers, std::string name) {
  base::Result<std::string> answer = co_await sched::offload(port, &greet, std::move(name));
  answers.push_back(answer ? *answer : "refused: " + answer.error().text);
}

TEST(Offload, ACoroutineGetsTheResultOnItsOwnThread) {
  PortOnAThread core;
  Found found;
  std::thread::id resumed_on;
  const auto body = [](sched::OffloadPort& port, Found& into, std::thread::id& where) -> sched::Task<> {
    base::Result<Found> result = co_await sched::offload(port, &look_around, 42);
    where = std::this_thread::get_id();
    into = std::move(*result);
  };
  const auto handle = core.spawn(body(core.port, found, resumed_on));
  EXPECT_FALSE(handle.has_ended());
  ASSERT_TRUE(core.live_until([&] { return handle.has_ended(); }));
  EXPECT_EQ(found.text, "42");
  EXPECT_NE(found.thread, std::this_thread::get_id());
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

TEST(Offload, MovesWhatCannotBeCopiedAndNeedsNoValue) {
  PortOnAThread core;
  std::atomic<int> called{0};
  const auto body = [](sched::OffloadPort& port, std::atomic<int>& count) -> sched::Task<> {
    auto call = [owned = std::make_unique<int>(5), &count] { count.fetch_add(*owned); };
    base::Result<void> result = co_await sched::offload(port, std::move(call));
    EXPECT_TRUE(result);
    auto argument = std::make_unique<int>(2);
    auto pass = +[](std::unique_ptr<int> given) { return given; };
    base::Result<std::unique_ptr<int>> back = co_await sched::offload(port, pass, std::move(argument));
    count.fetch_add(**back);
  };
  const auto handle = core.spawn(body(core.port, called));
  ASSERT_TRUE(core.live_until([&] { return handle.has_ended(); }));
  EXPECT_EQ(called, 7);
}

TEST(Offload, AHandlerIsCalledOnce) {
  PortOnAThread core;
  struct Owner {
    void on_answer(base::Result<std::string> answer) {
      ++calls;
      text = answer.value_or("refused");
    }
    int calls = 0;
    std::string text;
    sched::Offload<std::string> offload = sched::Offload<std::string>::to<&Owner::on_answer>(this);
  } owner;
  ASSERT_TRUE(owner.offload.start(core.port, &greet, "you"));
  EXPECT_TRUE(owner.offload.is_running());
  ASSERT_TRUE(core.live_until([&] { return owner.calls != 0; }));
  EXPECT_EQ(owner.text, "hello you");
  EXPECT_FALSE(owner.offload.is_running());
  ASSERT_TRUE(owner.offload.start(core.port, &greet, "me"));
  ASSERT_TRUE(core.live_until([&] { return owner.calls == 2; }));
}

TEST(Offload, WhoDiesMeanwhileIsForgotten) {
  PortOnAThread core;
  auto door = std::make_shared<Door>();
  {
    bool done = false;
    const auto body = [](sched::OffloadPort& port, std::shared_ptr<Door> at) -> sched::Task<> {
      auto call = [at] { at->pass(); };
      base::Result<void> result = co_await sched::offload(port, std::move(call));
      ADD_FAILURE() << "nobody waits for it";
    };
    auto task = body(core.port, door);
    task.inherit((*core.core)->context());
    task.start([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
    door->wait_for(1);
    EXPECT_FALSE(done);
  }
  door->open();
  ASSERT_TRUE(core.live_until([&] { return core.port.counters().returned.value() == 1; }));
  EXPECT_EQ(core.port.counters().forgotten.value(), 1u);
  EXPECT_EQ(core.port.counters().outstanding.value(), 0u);
}

TEST(Offload, WithoutThreadsItIsRefused) {
  PortOnAThread core({.threads_max = 0});
  std::vector<std::string> answers;
  const auto handle = core.spawn(ask(core.port, answers, "you"));
  EXPECT_TRUE(handle.has_ended());  // at once
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(answers[0].starts_with("refused: blocking calls are not served")) << answers[0];
  EXPECT_EQ(core.port.counters().refused.value(), 1u);
}

TEST(Offload, WithoutAPoolTheCoreCallsItselfInALaterTurn) {
  test_core::SingleCore single;
  int wakes = 0;
  sched::OffloadPort port(nullptr, [](void* count) { ++*static_cast<int*>(count); }, &wakes);
  std::vector<std::string> answers;
  single.core->spawn(ask(port, answers, "a")).detach();
  single.core->spawn(ask(port, answers, "b")).detach();
  single.core.turn_until_quiet();
  EXPECT_TRUE(answers.empty());
  EXPECT_TRUE(port.has_results());
  port.take_results();
  single.core.turn_until_quiet();
  EXPECT_EQ(answers, (std::vector<std::string>{"hello a", "hello b"}));
}

// What a task that is cancelled hears of its call.
struct Heard {
  bool has_ended = false;
  bool has_value = false;
  base::ErrorCode code{};
};

using Owned = std::unique_ptr<std::vector<int>>;  // a result whose loss AddressSanitizer would report
Owned make_behind(std::shared_ptr<Door> door) {
  door->pass();
  return std::make_unique<std::vector<int>>(1000, 7);
}

sched::Task<> ask_behind(sched::OffloadPort& port, std::shared_ptr<Door> door, Heard& heard) {
  base::Result<Owned> result = co_await sched::offload(port, &make_behind, door);
  heard.has_value = result.has_value();
  if (!result) heard.code = result.error().code;
  heard.has_ended = true;
}

TEST(OffloadCancel, BeforeTheCallItIsNotMade) {
  PortOnAThread core;
  Heard heard;
  core.single.core->wind_down();
  core.spawn(ask_behind(core.port, std::make_shared<Door>(), heard)).detach();
  EXPECT_TRUE(heard.has_ended);
  EXPECT_EQ(heard.code, base::ErrorCode::cancelled);
  EXPECT_EQ(core.port.counters().started.value(), 0u);
}

TEST(OffloadCancel, DuringTheCallTheTaskGoesOnAndTheResultIsThrownAwayWhenItComes) {
  PortOnAThread core;
  Heard heard;
  auto door = std::make_shared<Door>();
  auto handle = core.spawn(ask_behind(core.port, door, heard));
  door->wait_for(1);
  handle.cancel();
  EXPECT_FALSE(heard.has_ended) << "resumed by the loop, not by the caller of cancel";
  core.core->turn_until_quiet();
  EXPECT_TRUE(heard.has_ended);
  EXPECT_EQ(heard.code, base::ErrorCode::cancelled);
  EXPECT_EQ(core.port.counters().outstanding.value(), 1u);
  door->open();
  ASSERT_TRUE(core.live_until([&] { return core.port.counters().outstanding.value() == 0; }));
  EXPECT_EQ(core.port.counters().forgotten.value(), 1u);
}

TEST(OffloadCancel, WhenTheResultIsThereTheTaskHasIt) {
  PortOnAThread core;
  Heard heard;
  auto door = std::make_shared<Door>();
  door->open();
  auto handle = core.spawn(ask_behind(core.port, door, heard));
  while (!core.port.has_results()) std::this_thread::yield();
  core.port.take_results();
  handle.cancel();
  core.core->turn_until_quiet();
  EXPECT_TRUE(heard.has_ended);
  EXPECT_TRUE(heard.has_value);
  EXPECT_EQ(core.port.counters().forgotten.value(), 0u);
}

// Cancelled and dead at once: the frame that is queued to go on is destroyed instead.
TEST(OffloadCancel, AtTheEndOfTheCoreNothingIsLost) {
  Heard heard;
  auto door = std::make_shared<Door>();
  {
    PortOnAThread core;
    auto handle = core.spawn(ask_behind(core.port, door, heard));
    door->wait_for(1);
    core.single.core->wind_down();
    core.core->turn_until_quiet();
    EXPECT_TRUE(handle.has_ended());
    door->open();  // while the pool is stopped, or before
  }
  EXPECT_TRUE(heard.has_ended);
}

}  // namespace
}  // namespace sched_test
