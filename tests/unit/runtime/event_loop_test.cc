// Tasks on whole runtimes with real rings: what a loop runs, steals, wakes for and ends. The last test is the soak.
//
// CORERING_SOAK_SECONDS=60 build-thread/tests/unit/runtime_test --gtest_filter='*Soak*'
#include "corering/runtime/event_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include "corering/runtime/runtime.h"
#include "corering/sched/fork.h"
#include "corering/sched/sleep.h"
#include "corering/sched/when_any.h"
#include "corering/sched/with_timeout.h"
#include "corering/sched/yield.h"
#include "spawner.h"

namespace event_loop_test {
namespace {

using namespace corering;
using namespace std::chrono_literals;
using runtime::Core;
using sched::JoinHandle;
using sched::Mobility;
using sched::Outcome;
using sched::Priority;
using sched::Stop;
using sched::Task;

using test::Spawner;
using test::start;

void expect_all_accounted_for(const runtime::Runtime& runtime) {
  const metrics::Snapshot counters = runtime.registry().snapshot();
  const auto value = [&](const char* name) { return metrics::value_of(counters, name); };
  EXPECT_EQ(value("tasks_spawned"), value("tasks_run") + value("tasks_expired") + value("tasks_cancelled"))
      << metrics::to_line(counters);
  EXPECT_EQ(value("tasks_live"), 0u);
}

// As long as it takes on a machine that is busy with other things.
template <typename Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

Task<> sleep_for_ever(std::atomic<int>& broken) {
  const bool rested = co_await sched::sleep_for(1h);
  broken += rested ? 0 : 1;
}

TEST(EventLoop, ADrainEndsTheWaitsOfTasksThatNobodyWaitsFor) {
  std::atomic<int> broken{0};
  const Spawner::MakeTask make_task = [&](Core&) { return sleep_for_ever(broken); };
  const auto runtime = start(2, make_task);
  runtime->drain();
  runtime->join();
  EXPECT_EQ(broken.load(), 2);
  expect_all_accounted_for(*runtime);
}

Task<std::uint16_t> where() { co_return sched::Scheduler::current().index(); }

// Waits for another core to run something of ours, without ever going back to the loop meanwhile.
Task<> share_and_spin(std::atomic<bool>& has_run) {
  auto run = [](std::atomic<bool>& flag) -> Task<> {
    flag = true;
    co_return;
  };
  auto handle = sched::spawn_stealable(run(has_run));
  while (!has_run.load()) {
  }
  const Outcome<> outcome = co_await handle.join();
  EXPECT_TRUE(outcome);
}

// Core 0 computes and shares; core 1 sleeps. Were the wake-up lost, or left to core 0's next enter, this would not end.
TEST(EventLoop, ASleepingCoreIsWokenForStealableWorkAtOnce) {
  std::atomic<bool> has_run{false};
  const Spawner::MakeTask make_task = [&](Core& core) -> Task<> {
    if (core.id().value == 0) {
      co_await sched::sleep_for(20ms);
      co_await share_and_spin(has_run);
    }
  };
  const auto runtime = start(2, make_task);
  EXPECT_TRUE(eventually([&] { return has_run.load(); }));
  runtime->drain();
  runtime->join();
  EXPECT_GE(metrics::value_of(runtime->registry().snapshot(), "tasks_stolen"), 1u);
  expect_all_accounted_for(*runtime);
}

Task<> ping_pong(std::atomic<int>& rounds, int count) {
  for (int round = 0; round < count; ++round) {
    auto handle = sched::spawn_stealable(where());
    const Outcome<std::uint16_t> place = co_await handle.join();
    if (!place) co_return;
    ++rounds;
    if (round % 8 == 0) co_await sched::sleep_for(1ms);  // lets everybody fall asleep
  }
}

// Every wake-up counts: of thieves for work, of askers for results.
TEST(EventLoop, NoWakeUpIsLostBetweenCoresThatKeepFallingAsleep) {
  constexpr int kRounds = 300;
  constexpr int kCores = 4;
  std::atomic<int> rounds{0};
  const Spawner::MakeTask make_task = [&](Core&) { return ping_pong(rounds, kRounds); };
  const auto runtime = start(kCores, make_task);
  EXPECT_TRUE(eventually([&] { return rounds.load() == kCores * kRounds; })) << rounds.load();
  runtime->drain();
  runtime->join();
  expect_all_accounted_for(*runtime);
}

Task<> spawn_many(int count, std::atomic<bool>& spawned, std::atomic<int>& run) {
  auto note = [](std::atomic<int>& counter) -> Task<> {
    ++counter;
    co_return;
  };
  for (int index = 0; index < count; ++index) sched::spawn_stealable(note(run), {.priority = Priority::low}).detach();
  spawned = true;
  co_return;
}

TEST(EventLoop, ADrainRunsWhatIsQueuedAndAnAbortReportsIt) {
  constexpr int kTasks = 20'000;
  for (const bool drain : {true, false}) {
    std::atomic<bool> spawned{false};
    std::atomic<int> run{0};
    const Spawner::MakeTask make_task = [&](Core& core) -> Task<> {
      if (core.id().value == 0) co_await spawn_many(kTasks, spawned, run);
    };
    const auto runtime = start(2, make_task);
    ASSERT_TRUE(eventually([&] { return spawned.load(); }));
    drain ? runtime->drain() : runtime->abort();
    runtime->join();
    const metrics::Snapshot counters = runtime->registry().snapshot();
    if (drain) {
      EXPECT_EQ(run.load(), kTasks);
    }
    EXPECT_EQ(metrics::value_of(counters, "tasks_cancelled"), static_cast<std::uint64_t>(kTasks - run.load()));
    expect_all_accounted_for(*runtime);
  }
}

// The soak: cores whose tasks spawn, fork, wait, cancel and expire at random, until the runtime drains or aborts in their midst.

using Random = std::minstd_rand;

struct Soak {
  std::atomic<std::uint64_t> seed{0};
  std::atomic<std::uint64_t> joined{0};
  std::atomic<std::uint64_t> wrong{0};

  Random random() { return Random(static_cast<unsigned>(seed.fetch_add(0x9e3779b97f4a7c15ULL) >> 32) | 1U); }
};

unsigned plain_fib(unsigned n) { return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2); }

Task<unsigned> forked_fib(unsigned n) {
  if (n < 2) co_return n;
  auto left = co_await sched::fork(forked_fib(n - 1));
  if (n % 3 == 0) co_await sched::yield();
  const unsigned right = co_await forked_fib(n - 2);
  const unsigned rest = co_await left.join();
  co_return rest + right;
}

Task<unsigned> nap(base::Duration duration) {
  const bool rested = co_await sched::sleep_for(duration);
  co_return rested ? 1U : 0U;
}

Task<unsigned> nap_with_limits(base::Duration duration, base::Duration limit) {
  const auto first = co_await sched::when_any(sched::with_timeout(nap(duration), limit), nap(2ms));
  co_return static_cast<unsigned>(first.index);
}

sched::SpawnOptions draw_options(Random& random) {
  sched::SpawnOptions options{.priority = sched::kAllPriorities[random() % sched::kPriorities]};
  if (random() % 4 == 0) {
    options.deadline = sched::Scheduler::current().turn_time() + (std::chrono::microseconds(random() % 500) - 50us);
  }
  return options;
}

Task<> join_fib(JoinHandle<unsigned> handle, unsigned n, Soak& soak) {
  const Outcome<unsigned> result = co_await handle.join();
  if (result && *result != plain_fib(n)) ++soak.wrong;
  ++soak.joined;
}

void do_something(Random& random, Soak& soak) {
  const unsigned n = 4 + random() % 10;
  const sched::SpawnOptions options = draw_options(random);
  switch (random() % 6) {
    case 0: sched::spawn(forked_fib(n), options).detach(); return;
    case 1: sched::spawn_stealable(forked_fib(n), options).detach(); return;
    case 2: {
      auto handle = sched::spawn_stealable(forked_fib(n), options);
      if (random() % 2 == 0) handle.cancel();
      sched::spawn(join_fib(std::move(handle), n, soak), options).detach();
      return;
    }
    case 3: {
      auto napper = sched::spawn(
          nap_with_limits(std::chrono::microseconds(random() % 5'000), std::chrono::microseconds(random() % 5'000)), options);
      if (random() % 2 == 0) napper.cancel();
      return;
    }
    case 4: sched::spawn(join_fib(sched::spawn(forked_fib(n), draw_options(random)), n, soak), options).detach(); return;
    default: {
      auto joiner = sched::spawn(join_fib(sched::spawn_stealable(forked_fib(n)), n, soak), options);
      joiner.cancel();
      return;
    }
  }
}

Task<> soak_core(Soak& soak) {
  Random random = soak.random();
  for (;;) {
    for (unsigned count = random() % 8; count > 0; --count) do_something(random, soak);
    if (random() % 16 == 0) co_await sched::sleep_for(1ms);
    const bool goes_on = co_await sched::yield();
    if (!goes_on) co_return;
  }
}

TEST(EventLoop, SoakOfRandomSpawnCancelDeadlineStealAndShutdown) {
  const char* seconds_text = std::getenv("CORERING_SOAK_SECONDS");
  const char* seed_text = std::getenv("CORERING_SEED");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_text != nullptr ? std::atoi(seconds_text) : 2);
  Soak soak;
  soak.seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 10) : std::random_device{}();
  std::printf("reproduce with CORERING_SEED=%llu\n", static_cast<unsigned long long>(soak.seed.load()));
  Random random = soak.random();
  std::uint64_t runtimes = 0;
  std::uint64_t spawned = 0;
  std::uint64_t stolen = 0;
  while (std::chrono::steady_clock::now() < end) {
    const Spawner::MakeTask make_task = [&](Core&) { return soak_core(soak); };
    const auto runtime = start(1 + random() % 4, make_task);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
    random() % 2 == 0 ? runtime->drain() : runtime->abort();
    runtime->join();
    expect_all_accounted_for(*runtime);
    spawned += metrics::value_of(runtime->registry().snapshot(), "tasks_spawned");
    stolen += metrics::value_of(runtime->registry().snapshot(), "tasks_stolen");
    ++runtimes;
    if (HasFailure()) break;
  }
  EXPECT_EQ(soak.wrong.load(), 0u);
  std::printf("%llu runtimes, %llu tasks spawned and accounted for, %llu pieces stolen\n",
              static_cast<unsigned long long>(runtimes), static_cast<unsigned long long>(spawned),
              static_cast<unsigned long long>(stolen));
}

}  // namespace
}  // namespace event_loop_test
