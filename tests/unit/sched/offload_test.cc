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

void ended(void* flag) { *static_cast<bool*>(flag) = true; }

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
  bool done = false;
  const auto body = [](sched::OffloadPort& port, Found& into, std::thread::id& where) -> sched::Task<> {
    base::Result<Found> result = co_await sched::offload(port, &look_around, 42);
    where = std::this_thread::get_id();
    into = std::move(*result);
  };
  auto task = body(core.port, found, resumed_on);
  task.start(&ended, &done);
  EXPECT_FALSE(done);
  ASSERT_TRUE(core.live_until([&] { return done; }));
  EXPECT_EQ(found.text, "42");
  EXPECT_NE(found.thread, std::this_thread::get_id());
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

TEST(Offload, MovesWhatCannotBeCopiedAndNeedsNoValue) {
  PortOnAThread core;
  bool done = false;
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
  auto task = body(core.port, called);
  task.start(&ended, &done);
  ASSERT_TRUE(core.live_until([&] { return done; }));
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
    task.start(&ended, &done);
    door->wait_for(1);
  }
  door->open();
  ASSERT_TRUE(core.live_until([&] { return core.port.counters().returned.value() == 1; }));
  EXPECT_EQ(core.port.counters().forgotten.value(), 1u);
  EXPECT_EQ(core.port.counters().outstanding.value(), 0u);
}

TEST(Offload, WithoutThreadsItIsRefused) {
  PortOnAThread core({.threads_max = 0});
  std::vector<std::string> answers;
  bool done = false;
  auto task = ask(core.port, answers, "you");
  task.start(&ended, &done);
  EXPECT_TRUE(done);  // at once
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(answers[0].starts_with("refused: blocking calls are not served")) << answers[0];
  EXPECT_EQ(core.port.counters().refused.value(), 1u);
}

TEST(Offload, WithoutAPoolTheCoreCallsItselfInALaterTurn) {
  sched::ReadyQueue ready;
  int wakes = 0;
  sched::OffloadPort port(nullptr, ready, [](void* count) { ++*static_cast<int*>(count); }, &wakes);
  std::vector<std::string> answers;
  bool done = false;
  auto first = ask(port, answers, "a");
  auto second = ask(port, answers, "b");
  first.start(&ended, &done);
  second.start(&ended, &done);
  EXPECT_TRUE(answers.empty());
  EXPECT_TRUE(port.has_results());
  port.take_results();
  while (!ready.empty()) ready.run_next(sched::Priority::normal);
  EXPECT_EQ(answers, (std::vector<std::string>{"hello a", "hello b"}));
}

}  // namespace
}  // namespace sched_test
