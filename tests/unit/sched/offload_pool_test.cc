#include "corering/sched/offload_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "offload_port_on_a_thread.h"

namespace sched_test {
namespace {

struct Owner {
  void on_done(base::Result<void> result) {
    ++told;
    if (!result) error = result.error().text;
  }
  int told = 0;
  std::string error;
  sched::Offload<void> offload = sched::Offload<void>::to<&Owner::on_done>(this);
};

TEST(OffloadPool, StartsThreadsAsCallsComeUpToTheBound) {
  PortOnAThread core({.threads_max = 3, .waiting_max = 10});
  EXPECT_EQ(core.pool.threads(), 0u);
  auto door = std::make_shared<Door>();
  std::vector<std::unique_ptr<Owner>> owners;
  for (int count = 0; count < 5; ++count) {
    owners.push_back(std::make_unique<Owner>());
    ASSERT_TRUE(owners.back()->offload.start(core.port, [door] { door->pass(); }));
  }
  door->wait_for(3);
  EXPECT_EQ(core.pool.threads(), 3u);
  door->open();
  ASSERT_TRUE(core.live_until([&] { return core.port.counters().returned.value() == 5; }));
  EXPECT_EQ(core.pool.threads(), 3u);
}

TEST(OffloadPool, OneThreadServesCallsThatDoNotOverlap) {
  PortOnAThread core({.threads_max = 8});
  Owner owner;
  for (int count = 1; count <= 20; ++count) {
    ASSERT_TRUE(owner.offload.start(core.port, [] {}));
    ASSERT_TRUE(core.live_until([&] { return owner.told == count; }));
  }
  EXPECT_LE(core.pool.threads(), 2u);  // a result may be here before its thread has said that it is free
}

TEST(OffloadPool, RefusesWhatTheQueueDoesNotHold) {
  PortOnAThread core({.threads_max = 1, .waiting_max = 2});
  auto door = std::make_shared<Door>();
  std::vector<std::unique_ptr<Owner>> owners;
  for (int count = 0; count < 3; ++count) {
    owners.push_back(std::make_unique<Owner>());
    ASSERT_TRUE(owners.back()->offload.start(core.port, [door] { door->pass(); }));
  }
  Owner late;
  const auto refused = late.offload.start(core.port, [] {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::limit_too_low);
  EXPECT_NE(refused.error().text.find("max_blocking_threads"), std::string::npos) << refused.error().text;
  EXPECT_FALSE(late.offload.is_running());
  door->open();
  ASSERT_TRUE(core.live_until([&] { return core.port.counters().returned.value() == 3; }));
  ASSERT_TRUE(late.offload.start(core.port, [] {}));
  ASSERT_TRUE(core.live_until([&] { return late.told == 1; }));
}

TEST(OffloadPool, StopWaitsForCallsThatReturn) {
  PortOnAThread core({.threads_max = 1});
  auto door = std::make_shared<Door>();
  auto called = std::make_shared<std::atomic<bool>>(false);
  Owner owner;
  ASSERT_TRUE(owner.offload.start(core.port, [door, called] {
    door->pass();
    *called = true;
  }));
  door->wait_for(1);
  core.port.abandon();
  door->open();
  EXPECT_TRUE(core.pool.stop(std::chrono::seconds(20)).is_clean());
  EXPECT_TRUE(*called);
}

TEST(OffloadPool, StopLeavesBehindWhatDoesNotReturnAndSaysSo) {
  auto door = std::make_shared<Door>();
  const std::weak_ptr<Door> watched = door;
  {
    Owner inside, waiting;
    PortOnAThread core({.threads_max = 1});
    ASSERT_TRUE(inside.offload.start(core.port, [door] { door->pass(); }));
    door->wait_for(1);
    ASSERT_TRUE(waiting.offload.start(core.port, [] { FAIL() << "it never begins"; }));
    core.port.abandon();
    const sched::OffloadReport report = core.pool.stop(std::chrono::milliseconds(1));
    EXPECT_EQ(report.abandoned_running, 1u);
    EXPECT_EQ(report.abandoned_waiting, 1u);
    EXPECT_EQ(report.text(), "abandoned 1 blocking calls that had not returned, and 1 that had not begun");
  }
  // Pool and port are gone; the call returns, and its thread destroys what it holds.
  door->open();
  door.reset();
  for (int waits = 0; waits < 20'000 && !watched.expired(); ++waits) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(watched.expired());
}

TEST(OffloadPool, NothingIsTakenAfterStop) {
  PortOnAThread core;
  EXPECT_TRUE(core.pool.stop(base::Duration::zero()).is_clean());
  Owner owner;
  const auto refused = owner.offload.start(core.port, [] {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::unsupported);
}

// In a child process, because the limit holds for the whole user, and root has none.
void exit_with_the_error_of_a_pool_without_threads() {
  constexpr uid_t kUserWithoutProcesses = 64'124;
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) std::_Exit(2);
  if (::geteuid() == 0 && ::setuid(kUserWithoutProcesses) != 0) std::_Exit(2);
  PortOnAThread core;
  Owner owner;
  const auto refused = owner.offload.start(core.port, [] {});
  if (refused) std::_Exit(3);
  std::fprintf(stderr, "%s failures=%u", refused.error().text.c_str(),
               static_cast<unsigned>(core.pool.thread_failures_gauge().value()));
  std::_Exit(refused.error().code == base::ErrorCode::limit_too_low ? 0 : 4);
}

TEST(OffloadPoolDeathTest, AThreadThatCannotBeHadIsAnError) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(exit_with_the_error_of_a_pool_without_threads(), ::testing::ExitedWithCode(0), "another thread.*failures=1");
}

// Cores that ask all at once, from their own threads. A port outlives the pool's threads: one may still be in its wake-up.
TEST(OffloadPool, ServesSeveralCores) {
  constexpr int kCalls = 2'000;
  struct Side {
    explicit Side(sched::OffloadPool& pool) : port(&pool, [](void* self) { static_cast<Side*>(self)->woken.release(); }, this) {}
    std::counting_semaphore<> woken{0};
    sched::OffloadPort port;
  };
  sched::OffloadPool pool({.threads_max = 4, .waiting_max = 100'000});
  std::vector<std::unique_ptr<Side>> sides;
  for (int core = 0; core < 3; ++core) sides.push_back(std::make_unique<Side>(pool));
  std::atomic<int> called{0};
  std::vector<std::thread> cores;
  for (auto& side : sides) {
    cores.emplace_back([&called, &port = side->port, &woken = side->woken] {
      std::vector<std::unique_ptr<Owner>> owners;
      for (int call = 0; call < kCalls; ++call) {
        owners.push_back(std::make_unique<Owner>());
        EXPECT_TRUE(owners.back()->offload.start(port, [&called] { called.fetch_add(1); }));
        port.take_results();
      }
      while (port.counters().returned.value() != kCalls) {
        woken.acquire();
        port.take_results();
      }
      for (const auto& owner : owners) EXPECT_EQ(owner->told, 1);
    });
  }
  for (std::thread& core : cores) core.join();
  EXPECT_EQ(called, 3 * kCalls);
  EXPECT_TRUE(pool.stop(std::chrono::seconds(10)).is_clean());
}

}  // namespace
}  // namespace sched_test
