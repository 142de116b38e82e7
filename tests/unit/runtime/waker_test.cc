// Waking another core on the real kernel: through its ring, and what happens when that fails.
#include "corering/runtime/waker.h"

#include <gtest/gtest.h>

#include <memory>

#include "corering/ring/io_uring_backend.h"

namespace runtime_test {
namespace {

namespace ring = corering::ring;
using corering::runtime::RemoteWaker;
using corering::runtime::WakeBy;
using corering::runtime::Waker;

struct Side {
  Side() {
    auto opened = ring::Ring::open(backend, {});
    EXPECT_TRUE(opened) << opened.error().text;
    ring = std::make_unique<ring::Ring>(std::move(*opened));
    waker = std::make_unique<Waker>(*ring);
    EXPECT_TRUE(waker->open());
  }

  void turn(int wait_ms) {
    ring->enter({.wait_count = 1, .timeout = std::chrono::milliseconds(wait_ms)});
    for (auto batch = ring->reap(); !batch.empty(); batch = ring->reap()) ring->dispatch(batch);
  }

  void stop() {
    waker->stop();
    for (int count = 0; count < 100 && !waker->is_stopped(); ++count) turn(10);
    EXPECT_TRUE(waker->is_stopped());
  }

  ring::IoUringBackend backend;
  std::unique_ptr<ring::Ring> ring;
  std::unique_ptr<Waker> waker;
};

TEST(Waker, AMessageOfAnotherRingEndsTheSleep) {
  Side sleeper;
  Side other;
  ASSERT_TRUE(sleeper.ring->enable());
  ASSERT_TRUE(other.ring->enable());
  sleeper.waker->start();
  sleeper.turn(0);
  RemoteWaker remote(*other.ring, *sleeper.waker, WakeBy::message_ring);
  for (std::uint64_t count = 1; count <= 10; ++count) {
    remote.wake();
    other.ring->enter({});
    sleeper.turn(1000);
    EXPECT_EQ(sleeper.waker->wake_ups(), count);
    EXPECT_TRUE(other.ring->reap().empty()) << "an arrived message costs its sender no completion";
  }
  sleeper.turn(0);
  EXPECT_EQ(sleeper.waker->wake_ups(), 10u) << "one way is enough";
  sleeper.stop();
}

// A ring that is not enabled refuses messages: the eventfd takes over.
TEST(Waker, AMessageThatFailsIsRepeatedByEvent) {
  Side sleeper;
  Side other;
  ASSERT_TRUE(other.ring->enable());
  if (!other.ring->features().has(ring::Feature::message_ring)) GTEST_SKIP() << "this kernel's rings cannot message each other";
  RemoteWaker remote(*other.ring, *sleeper.waker, WakeBy::message_ring);
  remote.wake();
  other.turn(1000);
  ASSERT_TRUE(sleeper.ring->enable());
  sleeper.waker->start();
  sleeper.turn(0);
  sleeper.turn(1000);
  EXPECT_EQ(sleeper.waker->wake_ups(), 1u);
  sleeper.stop();
}

TEST(Waker, AnyThreadSignals) {
  Side sleeper;
  ASSERT_TRUE(sleeper.ring->enable());
  sleeper.waker->start();
  sleeper.turn(0);
  sleeper.waker->signal();
  sleeper.turn(1000);
  EXPECT_EQ(sleeper.waker->wake_ups(), 1u);
  sleeper.stop();
}

TEST(Waker, ByEventItIsWokenWithoutTheOthersRing) {
  Side sleeper;
  Side other;
  ASSERT_TRUE(sleeper.ring->enable());
  ASSERT_TRUE(other.ring->enable());
  sleeper.waker->start();
  sleeper.turn(0);
  RemoteWaker remote(*other.ring, *sleeper.waker, WakeBy::event);
  remote.wake();  // the other ring is not entered
  sleeper.turn(1000);
  EXPECT_EQ(sleeper.waker->wake_ups(), 1u);
  sleeper.stop();
}

}  // namespace
}  // namespace runtime_test
