// Calls between cores with threads and rings of their own: nothing is lost, whatever is cancelled, expires, or ends meanwhile.
#include "corering/runtime/call_port.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <utility>

#include "../seed.h"
#include "corering/runtime/call_on.h"
#include "corering/runtime/runtime.h"
#include "corering/sched/sleep.h"
#include "corering/sched/with_timeout.h"
#include "corering/sched/yield.h"
#include "spawner.h"

namespace call_port_test {
namespace {

using namespace corering;
using namespace std::chrono_literals;
using runtime::Core;
using runtime::CoreId;
using sched::Outcome;
using sched::Task;

using test::Spawner;
using test::start;

template <typename Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

void expect_all_accounted_for(const runtime::Runtime& runtime) {
  const metrics::Snapshot counters = runtime.registry().snapshot();
  const auto value = [&](const char* name) { return metrics::value_of(counters, name); };
  EXPECT_EQ(value("calls_started"),
            value("calls_answered") + value("calls_expired") + value("calls_cancelled") + value("calls_unreachable"))
      << metrics::to_line(counters);
  EXPECT_EQ(value("calls_outstanding"), 0u);
  EXPECT_EQ(value("tasks_live"), 0u);
}

std::unique_ptr<int> twice(Core&, std::unique_ptr<int> number) {
  *number *= 2;
  return number;
}

Task<> ask_and_sleep(Core& here, CoreId to, int count, std::atomic<int>& answered) {
  for (int round = 0; round < count; ++round) {
    Outcome<std::unique_ptr<int>> answer = co_await runtime::call_on(here, to, &twice, std::make_unique<int>(round));
    if (!answer || **answer != 2 * round) co_return;
    ++answered;
    if (round % 4 == 0) co_await sched::sleep_for(1ms);  // lets both fall asleep
  }
}

// Each answer is a wake-up of both; one that is lost ends the test.
TEST(CallPort, CoresThatFallAsleepAnswerEachOther) {
  constexpr int kRounds = 300;
  std::atomic<int> answered{0};
  const Spawner::MakeTask make_task = [&](Core& core) {
    return ask_and_sleep(core, CoreId{static_cast<std::uint16_t>((core.id().value + 1) % 3)}, kRounds, answered);
  };
  const auto runtime = start(3, make_task);
  EXPECT_TRUE(eventually([&] { return answered.load() == 3 * kRounds; })) << answered.load();
  runtime->drain();
  runtime->join();
  expect_all_accounted_for(*runtime);
}

Task<> ask_once(Core& here, CoreId to, std::atomic<int>& answered) {
  const Outcome<std::unique_ptr<int>> answer = co_await runtime::call_on(here, to, &twice, std::make_unique<int>(1));
  if (answer) ++answered;
}

// Two cores flood each other: both mailboxes are full most of the time, and answers wait for room behind calls.
TEST(CallPort, TwoCoresThatFloodEachOtherBothGetTheirAnswers) {
  constexpr int kCalls = 20'000;
  std::atomic<int> answered{0};
  const Spawner::MakeTask make_task = [&](Core& core) -> Task<> {
    for (int call = 0; call < kCalls; ++call) {
      sched::spawn(ask_once(core, CoreId{static_cast<std::uint16_t>(1 - core.id().value)}, answered)).detach();
    }
    co_return;
  };
  const auto runtime = start(2, make_task);
  EXPECT_TRUE(eventually([&] { return answered.load() == 2 * kCalls; })) << answered.load();
  runtime->drain();
  runtime->join();
  expect_all_accounted_for(*runtime);
}

Task<> fill_and_ask(Core& here, CoreId to, int count, std::atomic<int>& answered) {
  const auto ignore = [](Core&, const runtime::Message&) {};
  for (int round = 0; round < count; ++round) {
    while (here.try_post(to, {+ignore, 0})) {
    }
    const Outcome<std::unique_ptr<int>> answer = co_await runtime::call_on(here, to, &twice, std::make_unique<int>(1));
    if (!answer) co_return;
    ++answered;
    if (round % 4 == 0) co_await sched::sleep_for(1ms);
  }
}

// The call waits behind messages that nobody answers, and its core has nothing else to do: it sleeps until there is room.
TEST(CallPort, ASenderThatSleepsOverAFullMailboxIsWokenWhenThereIsRoom) {
  constexpr int kRounds = 200;
  std::atomic<int> answered{0};
  const Spawner::MakeTask make_task = [&](Core& core) -> Task<> {
    if (core.id().value == 0) co_await fill_and_ask(core, CoreId{1}, kRounds, answered);
  };
  const auto runtime = start(2, make_task);
  EXPECT_TRUE(eventually([&] { return answered.load() == kRounds; })) << answered.load();
  runtime->drain();
  runtime->join();
  expect_all_accounted_for(*runtime);
  EXPECT_EQ(metrics::value_of(runtime->registry().snapshot(), "calls_delayed"), static_cast<std::uint64_t>(kRounds));
}

// The soak.

using Random = std::minstd_rand;

Task<unsigned> nap_there(Core& there, unsigned microseconds, unsigned value) {
  const bool rested = co_await sched::sleep_for(std::chrono::microseconds(microseconds));
  if (rested && microseconds % 3 == 0) {
    // And further, from there.
    const auto third = CoreId{static_cast<std::uint16_t>((there.id().value + 1) % there.exchange().cores())};
    auto add = [](Core&, unsigned number) { return number; };
    const Outcome<unsigned> echoed = co_await runtime::call_on(there, third, +add, value);
    co_return echoed ? *echoed : 0;
  }
  co_return rested ? value : 0;
}

Task<unsigned> ask_nap(Core& here, CoreId to, unsigned microseconds, unsigned value) {
  const Outcome<unsigned> outcome = co_await runtime::call_on(here, to, &nap_there, microseconds, value);
  co_return outcome ? *outcome : 0;
}

Task<> ask_something(Core& here, unsigned draw, std::atomic<std::uint64_t>& wrong) {
  const CoreId to{static_cast<std::uint16_t>(draw % here.exchange().cores())};
  const unsigned microseconds = draw / 8 % 2'000;
  if (draw % 3 == 0) {
    const Outcome<unsigned> outcome =
        co_await sched::with_timeout(ask_nap(here, to, microseconds, draw), std::chrono::microseconds(draw / 16 % 3'000));
    if (outcome && *outcome != draw && *outcome != 0) ++wrong;
  } else {
    const unsigned value = co_await ask_nap(here, to, microseconds, draw);
    if (value != draw && value != 0) ++wrong;
  }
}

Task<> ask_at_random(Core& here, unsigned seed, std::atomic<std::uint64_t>& wrong) {
  Random random(seed | 1U);
  for (;;) {
    for (unsigned count = random() % 32; count > 0; --count) {
      sched::SpawnOptions options{.priority = sched::kAllPriorities[random() % sched::kPriorities]};
      if (random() % 4 == 0) options.deadline = here.now() + std::chrono::microseconds(random() % 1'000);
      auto handle = sched::spawn(ask_something(here, static_cast<unsigned>(random()), wrong), options);
      if (random() % 4 == 0) {
        co_await sched::yield();
        handle.cancel();
      }
    }
    const bool rested = co_await sched::sleep_for(1ms);
    if (!rested) co_return;
  }
}

TEST(CallPort, SoakOfRandomCallsCancelDeadlineAndShutdown) {
  const char* seconds_text = std::getenv("CORERING_SOAK_SECONDS");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_text != nullptr ? std::atoi(seconds_text) : 2);
  Random random(static_cast<unsigned>(unit_test::seed()) | 1U);
  std::atomic<std::uint64_t> wrong{0};
  std::uint64_t runtimes = 0;
  std::uint64_t calls = 0;
  while (std::chrono::steady_clock::now() < end && !HasFailure()) {
    const auto seed = static_cast<unsigned>(random());
    const Spawner::MakeTask make_task = [&](Core& core) { return ask_at_random(core, seed + core.id().value * 977U, wrong); };
    const auto runtime = start(1 + static_cast<std::uint32_t>(random() % 4), make_task);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
    random() % 2 == 0 ? runtime->drain() : runtime->abort();
    runtime->join();
    expect_all_accounted_for(*runtime);
    calls += metrics::value_of(runtime->registry().snapshot(), "calls_started");
    ++runtimes;
  }
  EXPECT_EQ(wrong.load(), 0u);
  std::printf("%llu runtimes, %llu calls accounted for\n", static_cast<unsigned long long>(runtimes),
              static_cast<unsigned long long>(calls));
}

}  // namespace
}  // namespace call_port_test
