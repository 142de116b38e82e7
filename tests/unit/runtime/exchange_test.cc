#include "corering/runtime/exchange.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <semaphore>
#include <thread>
#include <vector>

namespace {

using corering::runtime::Core;
using corering::runtime::CoreId;
using corering::runtime::Exchange;
using corering::runtime::Message;

void ignore(Core&, const Message&) {}

void send(Exchange& exchange, CoreId from, CoreId to, std::uint64_t number) {
  while (!exchange.mailbox(from, to).try_push({&ignore, number})) std::this_thread::yield();
  exchange.mailbox(from, to).publish();
}

TEST(Exchange, EveryPairOfCoresHasAMailboxOfItsOwn) {
  Exchange exchange(3);
  for (std::uint16_t from = 0; from < 3; ++from) {
    for (std::uint16_t to = 0; to < 3; ++to) send(exchange, CoreId{from}, CoreId{to}, std::uint64_t{from} * 10 + to);
  }
  for (std::uint16_t from = 0; from < 3; ++from) {
    for (std::uint16_t to = 0; to < 3; ++to) {
      std::vector<std::uint64_t> got;
      exchange.mailbox(CoreId{from}, CoreId{to}).take(10, [&](const Message& message) {
        got.push_back(message.payload<std::uint64_t>());
      });
      EXPECT_EQ(got, std::vector<std::uint64_t>{std::uint64_t{from} * 10 + to});
    }
  }
}

TEST(Exchange, OnlyASleepingCoreIsWokenAndOnlyOnce) {
  Exchange exchange(2);
  const CoreId here{1};
  EXPECT_FALSE(exchange.claim_wake(here));
  ASSERT_TRUE(exchange.try_park(here));
  EXPECT_FALSE(exchange.claim_wake(CoreId{0}));
  EXPECT_TRUE(exchange.claim_wake(here));
  EXPECT_FALSE(exchange.claim_wake(here));
  ASSERT_TRUE(exchange.try_park(here));
  exchange.unpark(here);
  EXPECT_FALSE(exchange.claim_wake(here));
}

TEST(Exchange, NobodySleepsOverAMessageFromAnyCoreItselfIncluded) {
  for (std::uint16_t from = 0; from < 3; ++from) {
    Exchange exchange(3);
    const CoreId here{1};
    send(exchange, CoreId{from}, here, 1);
    EXPECT_FALSE(exchange.try_park(here)) << from;
    EXPECT_FALSE(exchange.claim_wake(here)) << "it did not sleep";
    exchange.mailbox(CoreId{from}, here).take(10, [](const Message&) {});
    EXPECT_TRUE(exchange.try_park(here)) << from;
  }
}

// A message that is not published yet is not there: its sender's turn ends with publishing it and looking for sleepers.
TEST(Exchange, WhatIsNotPublishedKeepsNobodyAwake) {
  Exchange exchange(2);
  ASSERT_TRUE(exchange.mailbox(CoreId{0}, CoreId{1}).try_push({&ignore, 1}));
  EXPECT_TRUE(exchange.try_park(CoreId{1}));
}

void spin(unsigned turns) {
  for (; turns > 0; --turns) std::atomic_signal_fence(std::memory_order_seq_cst);
}

// Until both threads are at the same round; gives the CPU away if the other one needs it.
void wait_for_round(const std::atomic<unsigned>& place, unsigned round) {
  for (int turns = 0; place.load(std::memory_order_acquire) != round; ++turns) {
    if (turns > 1'000) std::this_thread::yield();
  }
}

// The two steps of each side race in every round, at changing distances of a few nanoseconds: one of them has to see the other.
TEST(Exchange, AMessageAndASleepThatCrossEachOtherAreBothNoticed) {
  constexpr unsigned kRounds = 200'000;
  const CoreId there{0};
  const CoreId here{1};
  Exchange exchange(2);
  std::atomic<unsigned> begun = 0;
  std::atomic<unsigned> sent = 0;
  bool woken = false;
  std::jthread sender([&] {
    for (unsigned round = 1; round <= kRounds; ++round) {
      wait_for_round(begun, round);
      send(exchange, there, here, round);
      woken = exchange.claim_wake(here);
      sent.store(round, std::memory_order_release);
    }
  });
  unsigned missed = 0;
  for (unsigned round = 1; round <= kRounds; ++round) {
    begun.store(round, std::memory_order_release);
    spin(round % 256);
    const bool sleeps = exchange.try_park(here);
    wait_for_round(sent, round);
    if (sleeps && !woken) ++missed;
    exchange.unpark(here);
    exchange.mailbox(there, here).take(10, [](const Message&) {});
  }
  EXPECT_EQ(missed, 0u);
}

// A core of the stress test: sleeps in a semaphore where a real one sleeps in its ring.
class Sleeper {
 public:
  Sleeper(Exchange& exchange, CoreId id) : exchange_(exchange), id_(id) {}

  void wake() { wake_ups_.release(); }

  // Takes what has come; if there is nothing, sleeps first. False if it would have slept for ever over a message.
  template <typename Handle>
  bool turn(Handle&& handle) {
    if (take(handle) != 0) return true;
    flush();
    if (!exchange_.try_park(id_)) return true;
    // The time-out ends a broken test; a sound one never meets it.
    const bool woken = wake_ups_.try_acquire_for(std::chrono::seconds(20));
    exchange_.unpark(id_);
    return woken;
  }

 private:
  template <typename Handle>
  std::size_t take(Handle& handle) {
    std::size_t count = 0;
    for (std::uint16_t from = 0; from < exchange_.cores(); ++from) count += exchange_.mailbox(CoreId{from}, id_).take(100, handle);
    return count;
  }

  // What a core does between looking into its mailboxes and sleeping, here of changing length: messages that come meanwhile are the
  // ones that get lost.
  void flush() {
    flushes_ += 7;
    spin(flushes_ % 5'000);
  }

  Exchange& exchange_;
  const CoreId id_;
  std::counting_semaphore<> wake_ups_{0};
  unsigned flushes_ = 0;
};

// Ping-pong: at each message the other side is just falling asleep. One lost wake-up, and both sleep for ever.
TEST(Exchange, NoWakeUpIsLostBetweenTwoCoresThatAnswerEachOther) {
  constexpr std::uint64_t kRounds = 20'000;
  Exchange exchange(2);
  Sleeper sleepers[2] = {{exchange, CoreId{0}}, {exchange, CoreId{1}}};
  const auto post = [&](std::uint16_t from, std::uint16_t to, std::uint64_t number) {
    send(exchange, CoreId{from}, CoreId{to}, number);
    if (exchange.claim_wake(CoreId{to})) sleepers[to].wake();
  };
  const auto play = [&](std::uint16_t here, std::uint16_t there) {
    std::uint64_t expected = here;
    while (expected < kRounds) {
      const bool alive = sleepers[here].turn([&](const Message& message) {
        EXPECT_EQ(message.payload<std::uint64_t>(), expected);
        expected += 2;
        post(here, there, expected - 1);
      });
      ASSERT_TRUE(alive) << "core " << here << " missed message " << expected;
    }
  };
  post(1, 0, 0);
  std::jthread first([&] { play(0, 1); });
  std::jthread second([&] { play(1, 0); });
  first.join();
  second.join();
}

// Two senders that now and then wait until everything of theirs has arrived, so that the receiver is always about to sleep or to
// be woken.
TEST(Exchange, NoWakeUpIsLostWithTwoSenders) {
  constexpr std::uint64_t kMessages = 20'000;
  Exchange exchange(3);
  const CoreId here{2};
  Sleeper sleeper(exchange, here);
  std::atomic<std::uint64_t> received[2] = {0, 0};
  std::atomic<bool> given_up = false;
  std::vector<std::jthread> senders;
  for (std::uint16_t from = 0; from < 2; ++from) {
    senders.emplace_back([&, from] {
      for (std::uint64_t number = 0; number < kMessages && !given_up; ++number) {
        send(exchange, CoreId{from}, here, from);
        if (exchange.claim_wake(here)) sleeper.wake();
        if (number % (from + 3u) != 0) continue;
        while (received[from] <= number && !given_up) std::this_thread::yield();
      }
    });
  }
  while (!given_up && received[0] + received[1] < 2 * kMessages) {
    if (!sleeper.turn([&](const Message& message) { ++received[message.payload<std::uint64_t>()]; })) given_up = true;
  }
  EXPECT_FALSE(given_up) << "slept over a message after " << received[0] << " and " << received[1];
}

}  // namespace
