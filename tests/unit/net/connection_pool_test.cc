#include "corering/net/connection_pool.h"

#include <cerrno>

#include "../seed.h"
#include "simulated_pool.h"

namespace net_test {
namespace {

TEST_F(ConnectionPool, ReusesWhatComesBack) {
  start_pool();
  auto peer = one_idle();
  run(ask(pool(), "second", outcomes[1]));
  exchange(peer, outcomes[1]);
  EXPECT_EQ(counter("up_dialed"), 1u);
  EXPECT_EQ(counter("up_borrowed"), 2u);
  EXPECT_EQ(counter("up_reused"), 1u);
  EXPECT_EQ(counter("up_connections"), 1u);
}

TEST_F(ConnectionPool, LendsTheOneUsedLastFirst) {
  start_pool();
  run(ask(pool(), "a", outcomes[0]));
  run(ask(pool(), "b", outcomes[1]));
  auto first = require_peer(kWhere);
  auto second = require_peer(kWhere);
  exchange(first, outcomes[0]);
  exchange(second, outcomes[1]);
  EXPECT_EQ(counter("up_idle"), 2u);
  run(ask(pool(), "c", outcomes[2]));
  exchange(second, outcomes[2]);
  EXPECT_FALSE(first.has_data());
}

TEST_F(ConnectionPool, AtTheMaximumWishesWaitInTheirOrder) {
  pool_options.connections_max = 1;
  start_pool();
  for (std::size_t index = 0; index < 3; ++index) run(ask(pool(), std::string(1, static_cast<char>('a' + index)), outcomes[index]));
  auto peer = require_peer(kWhere);
  for (std::size_t index = 0; index < 3; ++index) {
    ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
    EXPECT_EQ(read(peer), std::string(1, static_cast<char>('a' + index)));
    EXPECT_EQ(counter("up_waiting"), 2 - index);
    write(peer, "answer.");
    ASSERT_TRUE(turn_until([&] { return outcomes[index].ended; }));
  }
  EXPECT_EQ(counter("up_dialed"), 1u);
  EXPECT_EQ(counter("up_reused"), 2u);
}

TEST_F(ConnectionPool, AWishThatWaitsTooLongIsTold) {
  pool_options.connections_max = 1;
  pool_options.wait_timeout = std::chrono::milliseconds(500);
  start_pool();
  run(ask(pool(), "holds it", outcomes[0]));
  auto peer = require_peer(kWhere);
  run(ask(pool(), "waits", outcomes[1]));
  turns(3);
  pass(std::chrono::milliseconds(600));
  ASSERT_TRUE(turn_until([&] { return outcomes[1].ended; }));
  EXPECT_EQ(outcomes[1].error, ETIMEDOUT);
  EXPECT_EQ(counter("up_timed_out"), 1u);
  EXPECT_EQ(counter("up_waiting"), 0u);
  exchange(peer, outcomes[0]);
  EXPECT_EQ(counter("up_idle"), 1u);
}

TEST_F(ConnectionPool, TooManyWishesAreRefused) {
  pool_options.connections_max = 1;
  pool_options.waiting_max = 1;
  start_pool();
  run(ask(pool(), "holds it", outcomes[0]));
  auto peer = require_peer(kWhere);
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  run(ask(pool(), "waits", outcomes[1]));
  run(ask(pool(), "is refused", outcomes[2]));
  EXPECT_TRUE(outcomes[2].ended);
  EXPECT_EQ(outcomes[2].code, base::ErrorCode::limit_too_low);
  EXPECT_EQ(counter("up_refused"), 1u);
}

TEST_F(ConnectionPool, ADialThatFailsTellsTheOneWhoWaitedLongest) {
  start_pool(Manner::refuses);
  run(ask(pool(), "a", outcomes[0]));
  run(ask(pool(), "b", outcomes[1]));
  ASSERT_TRUE(turn_until([&] { return outcomes[0].ended && outcomes[1].ended; }));
  EXPECT_EQ(outcomes[0].error, ECONNREFUSED);
  EXPECT_EQ(outcomes[1].error, ECONNREFUSED);
  EXPECT_EQ(counter("up_dial_failures"), 2u);
  EXPECT_TRUE(pool().is_empty());
}

TEST_F(ConnectionPool, APeerThatClosesAnIdleConnectionIsSeenAtOnce) {
  start_pool();
  auto peer = one_idle();
  peer.finish_writing();
  ASSERT_TRUE(turn_until([&] { return pool().is_empty(); }));
  EXPECT_EQ(counter("up_closed_idle"), 1u);
  EXPECT_EQ(counter("up_idle"), 0u);
  run(ask(pool(), "again", outcomes[1]));
  auto next = require_peer(kWhere);
  exchange(next, outcomes[1]);
}

TEST_F(ConnectionPool, AResetOfAnIdleConnectionIsSeenAtOnce) {
  start_pool();
  auto peer = one_idle();
  peer.reset();
  ASSERT_TRUE(turn_until([&] { return pool().is_empty(); }));
  EXPECT_EQ(counter("up_closed_idle"), 1u);
}

TEST_F(ConnectionPool, BytesThatNobodyAskedForEndTheConnection) {
  start_pool();
  auto peer = one_idle();
  write(peer, "surprise");
  ASSERT_TRUE(turn_until([&] { return pool().is_empty(); }));
  EXPECT_EQ(counter("up_unasked_bytes"), 1u);
  EXPECT_EQ(counter("up_closed_idle"), 1u);
}

TEST_F(ConnectionPool, WhatComesBackWithBytesUnreadIsNotUsedAgain) {
  start_pool();
  run(ask(pool(), "question", outcomes[0]));
  auto peer = require_peer(kWhere);
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  write(peer, "answer.");
  write(peer, std::string(300, 'x'));  // in the next chunk
  ASSERT_TRUE(turn_until([&] { return outcomes[0].ended; }));
  peer.finish_writing();
  ASSERT_TRUE(turn_until([&] { return pool().is_empty(); }));
  EXPECT_EQ(counter("up_idle"), 0u);
}

TEST_F(ConnectionPool, IdleOnesLeaveAfterTheirTime) {
  pool_options.idle_timeout = std::chrono::seconds(10);
  start_pool();
  auto peer = one_idle();
  pass(std::chrono::seconds(9));
  EXPECT_EQ(counter("up_idle"), 1u);
  pass(std::chrono::seconds(2));
  EXPECT_EQ(counter("up_idle"), 0u);
  ASSERT_TRUE(turn_until([&] { return peer.is_at_end(); }));
  EXPECT_EQ(counter("up_retired_idle"), 1u);
  peer.finish_writing();
}

TEST_F(ConnectionPool, OldOnesLeave) {
  pool_options.max_age = std::chrono::seconds(30);
  start_pool();
  auto peer = one_idle();
  pass(std::chrono::seconds(31));
  EXPECT_EQ(counter("up_retired_old"), 1u);
  peer.finish_writing();
  ASSERT_TRUE(turn_until([&] { return pool().is_empty(); }));
}

TEST_F(ConnectionPool, NoMoreThanIdleMaxAreKept) {
  pool_options.idle_max = 1;
  start_pool();
  run(ask(pool(), "a", outcomes[0]));
  run(ask(pool(), "b", outcomes[1]));
  auto first = require_peer(kWhere);
  auto second = require_peer(kWhere);
  exchange(first, outcomes[0]);
  exchange(second, outcomes[1]);
  EXPECT_EQ(counter("up_idle"), 1u);
  EXPECT_EQ(counter("up_retired_idle"), 1u);
  second.finish_writing();
}

TEST_F(ConnectionPool, AProbeThatIsAnsweredKeepsTheConnection) {
  pool_options.probe = &ping;
  pool_options.probe_interval = std::chrono::seconds(5);
  start_pool();
  auto peer = one_idle();
  for (unsigned round = 1; round <= 3; ++round) {
    pass(std::chrono::seconds(6));
    ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
    EXPECT_EQ(read(peer), "ping");
    EXPECT_EQ(counter("up_idle"), 0u);
    write(peer, "pong");
    ASSERT_TRUE(turn_until([&] { return counter("up_idle") == 1; }));
    EXPECT_EQ(counter("up_probes"), round);
  }
  EXPECT_EQ(counter("up_probe_failures"), 0u);
}

TEST_F(ConnectionPool, AProbeWithoutAnAnswerEndsTheConnection) {
  pool_options.probe = &ping;
  pool_options.probe_interval = std::chrono::seconds(5);
  start_pool();
  auto peer = one_idle();
  pass(std::chrono::seconds(6));
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  pass(pool_options.probe_timeout + std::chrono::milliseconds(10));
  ASSERT_TRUE(turn_until([&] { return pool().is_empty(); }));
  EXPECT_EQ(counter("up_probe_failures"), 1u);
}

TEST_F(ConnectionPool, CloseTellsThoseWhoWaitAndTakesNoMore) {
  pool_options.connections_max = 1;
  start_pool();
  run(ask(pool(), "holds it", outcomes[0]));
  auto peer = require_peer(kWhere);
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  run(ask(pool(), "waits", outcomes[1]));
  pool().close();
  ASSERT_TRUE(turn_until([&] { return outcomes[1].ended; }));
  EXPECT_EQ(outcomes[1].code, base::ErrorCode::unsupported);
  run(ask(pool(), "late", outcomes[2]));
  EXPECT_EQ(outcomes[2].code, base::ErrorCode::unsupported);
  exchange(peer, outcomes[0]);  // who has one may finish
  peer.finish_writing();
  ASSERT_TRUE(turn_until([&] { return pool().is_empty(); }));
}

TEST_F(ConnectionPool, ACancelledTaskBorrowsNothing) {
  start_pool();
  auto peer = one_idle();
  core().core().scheduler().wind_down();
  run(ask(pool(), "never", outcomes[1]));
  EXPECT_TRUE(outcomes[1].ended);
  EXPECT_EQ(outcomes[1].code, base::ErrorCode::cancelled);
  EXPECT_EQ(counter("up_borrowed"), 1u);
  EXPECT_EQ(counter("up_cancelled"), 1u);
  EXPECT_EQ(counter("up_idle"), 1u);
}

TEST_F(ConnectionPool, WhatIsDialedForACancelledTaskStaysInThePool) {
  start_pool();
  auto handle = core().core().scheduler().spawn(ask(pool(), "never", outcomes[0]));
  ASSERT_TRUE(turn_until([&] { return counter("dialer_addresses_tried") == 1; }));
  EXPECT_EQ(counter("up_waiting"), 1u);
  handle.cancel();
  EXPECT_EQ(counter("up_waiting"), 0u);
  ASSERT_TRUE(turn_until([&] { return handle.has_ended() && counter("up_idle") == 1; }));
  EXPECT_EQ(outcomes[0].code, base::ErrorCode::cancelled);
  EXPECT_EQ(counter("up_failed"), 1u);
  run(ask(pool(), "second", outcomes[1]));
  auto peer = require_peer(kWhere);
  exchange(peer, outcomes[1]);
  EXPECT_EQ(counter("up_dialed"), 1u);
}

TEST_F(ConnectionPool, ACancelledTaskLeavesTheQueueOfThoseWhoWait) {
  pool_options.connections_max = 1;
  start_pool();
  run(ask(pool(), "holds it", outcomes[0]));
  auto peer = require_peer(kWhere);
  auto second = core().core().scheduler().spawn(ask(pool(), "second", outcomes[1]));
  run(ask(pool(), "third", outcomes[2]));
  ASSERT_TRUE(turn_until([&] { return peer.has_data() && counter("up_waiting") == 2; }));
  second.cancel();
  turns(1);
  EXPECT_TRUE(second.has_ended());
  EXPECT_EQ(outcomes[1].code, base::ErrorCode::cancelled);
  exchange(peer, outcomes[0]);
  exchange(peer, outcomes[2]);
  EXPECT_EQ(outcomes[1].reply, "");
}

// Cancelled in every turn of its life: whatever it had, or was about to get, is in the pool afterwards or closed.
TEST_F(ConnectionPool, ATaskMayBeCancelledInAnyTurn) {
  pool_options.connections_max = 1;
  start_pool();
  for (int lived = 1; lived < 20; ++lived) {
    Outcome outcome;
    auto handle = core().core().scheduler().spawn(ask(pool(), "question", outcome));
    turns(lived);
    handle.cancel();
    ASSERT_TRUE(turn_until([&] { return handle.has_ended(); })) << lived;
    EXPECT_TRUE(outcome.ended) << lived;
    EXPECT_EQ(outcome.reply, "") << lived;
    Outcome next;
    run(ask(pool(), "next", next));
    ASSERT_TRUE(turn_until([&] {
      while (auto peer = core().network().take_connected(kWhere)) {
        write(*peer, "answer.");
        peer->finish_writing();
      }
      return next.ended;
    })) << lived;
    EXPECT_EQ(next.reply, "answer.") << lived;
    ASSERT_TRUE(turn_until([&] { return pool().is_empty(); })) << lived;
  }
}

TEST_F(ConnectionPool, WhoDiesWithAConnectionGivesItUp) {
  start_pool();
  bool done = false;
  {
    auto task = ask(pool(), "question", outcomes[0]);
    task.inherit(core().core().scheduler().context());
    task.start([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
    auto peer = require_peer(kWhere);
    ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  }
  EXPECT_FALSE(done);
  // The answer that may still come would be taken for the next borrower's.
  EXPECT_EQ(counter("up_idle"), 0u);
  EXPECT_EQ(counter("up_retired_broken"), 1u);
}

// Borrowers come and go, connections break, dials fail, probes run, time passes: every wish hears once, nothing is left behind.
TEST_F(ConnectionPool, SurvivesAnySchedule) {
  const std::uint64_t seed = unit_test::seed();
  faults = simulated::Faults{};
  faults.connect_fails = 100;
  pool_options.connections_max = 4;
  pool_options.idle_max = 2;
  pool_options.wait_timeout = std::chrono::milliseconds(40);
  pool_options.idle_timeout = std::chrono::milliseconds(50);
  pool_options.max_age = std::chrono::milliseconds(200);
  pool_options.probe = &ping;
  pool_options.probe_interval = std::chrono::milliseconds(20);
  pool_options.probe_timeout = std::chrono::milliseconds(10);
  start(seed);
  core().network().add_remote(kWhere, Manner::accepts);
  make_pool(address("10.0.0.1"), pool_options);
  auto& random = core().random();
  std::vector<Outcome> all(400);
  std::vector<simulated::Peer> peers;
  const auto serve = [&] {
    while (auto peer = core().network().take_connected(kWhere)) peers.push_back(std::move(*peer));
    for (auto& peer : peers) {
      if (!peer.can_write()) continue;
      const std::string got = read(peer);
      if (!got.empty() && random.chance(900)) peer.write(base::bytes_of(got == "ping" ? "pong" : "answer."));
      if (random.chance(10)) peer.finish_writing();
      if (random.chance(10)) peer.reset();
    }
  };
  for (Outcome& outcome : all) {
    run(ask(pool(), "question", outcome));
    for (std::uint64_t steps = random.below(6); steps > 0; --steps) {
      turns(1);
      serve();
    }
    if (random.chance(200)) core().clock().advance(std::chrono::milliseconds(random.below(30)));
  }
  pool().close();
  for (int rounds = 0; rounds < 400 && (running() > 0 || !pool().is_empty()); ++rounds) {
    serve();
    for (auto& peer : peers) {
      if (rounds > 50) peer.finish_writing();
    }
    pass(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(running(), 0);
  EXPECT_TRUE(pool().is_empty());
  std::size_t borrowed = 0;
  for (const Outcome& outcome : all) {
    EXPECT_TRUE(outcome.ended);
    borrowed += outcome.borrowed ? 1 : 0;
  }
  EXPECT_EQ(counter("up_borrowed"), borrowed);
  EXPECT_EQ(counter("up_failed"), all.size() - borrowed);
  EXPECT_EQ(counter("up_dialed"), counter("dialer_connected"));
  EXPECT_GT(counter("up_reused"), 0u);
}

}  // namespace
}  // namespace net_test
