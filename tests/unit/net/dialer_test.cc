#include "corering/net/dialer.h"

#include <cerrno>

#include "../seed.h"
#include "simulated_client.h"

namespace net_test {
namespace {

// What the coroutines below found.
struct Outcome {
  std::string reply;
  int error = 0;
  base::ErrorCode code{};
  std::string text;
  int ended = 0;
};

sched::Task<> ask(net::Dialer& dialer, net::Target target, Outcome& outcome) {
  base::Result<net::DialedConnection> dialed = co_await dialer.dial(std::move(target));
  ++outcome.ended;
  if (!dialed) {
    outcome.error = dialed.error().os_error;
    outcome.code = dialed.error().code;
    outcome.text = dialed.error().text;
    co_return;
  }
  net::Connection& connection = **dialed;
  EXPECT_TRUE(connection.try_write(base::bytes_of("question")));
  for (;;) {
    net::Slice slice = co_await connection.receive();
    if (!slice) break;
    outcome.reply += base::text_of(slice.bytes());
    if (outcome.reply.ends_with('.')) break;
  }
}

base::Result<std::vector<sys::SocketAddress>> three_addresses(const std::string& host, std::uint16_t port) {
  if (host != "three.example") return base::failure({base::ErrorCode::invalid_argument, 0, "looking up '" + host + "': unknown"});
  return std::vector{address("10.0.0.1", port), address("10.0.0.2", port), address("10.0.0.3", port)};
}

class Dialer : public SimulatedClient {
 protected:
  Dialer() { dialer_options.resolve = &three_addresses; }

  void add_remote(const std::string& where, Manner manner) { core().network().add_remote(where, manner); }

  Outcome outcome_;
  Outcome first_;
};

TEST_F(Dialer, ConnectsAndTalks) {
  start();
  add_remote("10.0.0.1:80", Manner::accepts);
  run(ask(dialer(), address("10.0.0.1"), outcome_));
  auto peer = require_peer("10.0.0.1:80");
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  EXPECT_EQ(read(peer), "question");
  write(peer, "answer.");
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.reply, "answer.");
  ASSERT_TRUE(turn_until([&] { return peer.is_at_end(); }));  // the connection ends with its owner
  peer.finish_writing();
  ASSERT_TRUE(turn_until([&] { return dialer().is_idle(); }));
  EXPECT_EQ(counter("dialer_connected"), 1u);
  EXPECT_EQ(counter("client_sent_bytes"), 8u);
  EXPECT_EQ(counter("client_received_bytes"), 7u);
}

TEST_F(Dialer, ARefusalIsAnError) {
  start();
  run(ask(dialer(), address("10.0.0.1"), outcome_));
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.error, ECONNREFUSED);
  EXPECT_NE(outcome_.text.find("10.0.0.1:80"), std::string::npos) << outcome_.text;
  EXPECT_EQ(counter("dialer_failed"), 1u);
  EXPECT_EQ(counter("dialer_timed_out"), 0u);
  EXPECT_TRUE(dialer().is_idle());
}

TEST_F(Dialer, SilenceEndsWithTheTimeout) {
  dialer_options.times.total = std::chrono::seconds(3);
  start();
  add_remote("10.0.0.1:80", Manner::keeps_silent);
  run(ask(dialer(), address("10.0.0.1"), outcome_));
  pass(std::chrono::milliseconds(2900));
  EXPECT_EQ(running(), 1);  // one address has all the time there is
  pass(std::chrono::milliseconds(200));
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.error, ETIMEDOUT);
  EXPECT_EQ(counter("dialer_timed_out"), 1u);
  EXPECT_TRUE(dialer().is_idle());
}

TEST_F(Dialer, TriesTheAddressesOfANameInTurn) {
  start();
  add_remote("10.0.0.2:80", Manner::keeps_silent);  // the first refuses, the third accepts
  add_remote("10.0.0.3:80", Manner::accepts);
  run(ask(dialer(), {"three.example", 80}, outcome_));
  turns(10);
  EXPECT_EQ(counter("dialer_addresses_tried"), 2u);
  pass(dialer_options.times.per_address + std::chrono::milliseconds(10));
  auto peer = require_peer("10.0.0.3:80");
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  write(peer, "third.");
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.reply, "third.");
  EXPECT_EQ(counter("dialer_addresses_tried"), 3u);
  EXPECT_EQ(counter("dialer_look_ups"), 1u);
  peer.finish_writing();
}

TEST_F(Dialer, TheErrorIsThatOfTheLastAddress) {
  start();
  add_remote("10.0.0.1:80", Manner::keeps_silent);
  run(ask(dialer(), {"three.example", 80}, outcome_));
  turns(10);
  pass(dialer_options.times.per_address + std::chrono::milliseconds(10));
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.error, ECONNREFUSED);
  EXPECT_NE(outcome_.text.find("10.0.0.3:80"), std::string::npos) << outcome_.text;
}

TEST_F(Dialer, ANameThatIsNotKnownIsAnError) {
  start();
  run(ask(dialer(), {"nowhere.example", 80}, outcome_));
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.code, base::ErrorCode::invalid_argument);
  EXPECT_EQ(counter("dialer_look_up_failures"), 1u);
  EXPECT_TRUE(dialer().is_idle());
}

TEST_F(Dialer, TheLimitRefusesAtOnce) {
  limits.connections_max = 1;
  start();
  add_remote("10.0.0.1:80", Manner::keeps_silent);

  run(ask(dialer(), address("10.0.0.1"), first_));
  run(ask(dialer(), address("10.0.0.1"), outcome_));
  turns(2);
  EXPECT_EQ(outcome_.code, base::ErrorCode::limit_too_low);
  EXPECT_EQ(first_.ended, 0);
  EXPECT_EQ(counter("dialer_refused"), 1u);
}

TEST_F(Dialer, WhoDiesWhileDialingIsForgotten) {
  start();
  add_remote("10.0.0.1:80", Manner::keeps_silent);
  {
    auto task = ask(dialer(), address("10.0.0.1"), outcome_);
    bool done = false;
    task.inherit(core().core().scheduler().context());
    task.start([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
    turns(3);
    EXPECT_FALSE(dialer().is_idle());
  }
  ASSERT_TRUE(turn_until([&] { return dialer().is_idle(); }));
  EXPECT_EQ(outcome_.ended, 0);
  EXPECT_EQ(counter("dialer_forgotten"), 1u);
}

// A dial whose task is cancelled: before it begins, while its name is looked up, while it connects, and when it is there.
TEST_F(Dialer, ACancelledTaskDoesNotDial) {
  start();
  core().core().scheduler().wind_down();
  run(ask(dialer(), address("10.0.0.1"), outcome_));
  EXPECT_EQ(outcome_.code, base::ErrorCode::cancelled);
  EXPECT_EQ(counter("dialer_dials"), 0u);
}

TEST_F(Dialer, ATaskThatIsCancelledDuringTheLookUpGoesOn) {
  start();
  sched::Scheduler& scheduler = core().core().scheduler();
  auto handle = scheduler.spawn(ask(dialer(), {"three.example", 80}, outcome_));
  const auto cancel = [](sched::JoinHandle<>& other) -> sched::Task<> {
    other.cancel();
    co_return;
  };
  // Low work comes last in the ready phase, in which the look-up starts; its result comes later in the turn.
  scheduler.spawn(cancel(handle), {.priority = sched::Priority::low}).detach();
  turns(1);
  EXPECT_EQ(counter("dialer_look_ups"), 1u);
  EXPECT_EQ(outcome_.code, base::ErrorCode::cancelled);
  ASSERT_TRUE(turn_until([&] { return dialer().is_idle() && counter("offloads_outstanding") == 0; }));
  EXPECT_EQ(counter("dialer_forgotten"), 1u);
  EXPECT_EQ(counter("dialer_addresses_tried"), 0u);
}

TEST_F(Dialer, ATaskThatIsCancelledWhileItConnectsGoesOnAndTheSocketIsClosed) {
  start();
  add_remote("10.0.0.1:80", Manner::keeps_silent);
  auto handle = core().core().scheduler().spawn(ask(dialer(), address("10.0.0.1"), outcome_));
  ASSERT_TRUE(turn_until([&] { return counter("dialer_addresses_tried") == 1; }));
  EXPECT_EQ(core().network().open_streams(), 1u);
  handle.cancel();
  turns(1);
  EXPECT_TRUE(handle.has_ended());
  EXPECT_EQ(outcome_.code, base::ErrorCode::cancelled);
  ASSERT_TRUE(turn_until([&] { return dialer().is_idle(); }));
  EXPECT_EQ(core().network().open_streams(), 0u);
  EXPECT_EQ(counter("dialer_forgotten"), 1u);
}

// Cancelled in every turn of its life: the task hears once, with a connection or without, and no socket is left open.
TEST_F(Dialer, ATaskMayBeCancelledInAnyTurn) {
  start();
  add_remote("10.0.0.3:80", Manner::accepts);  // the first two refuse
  int with_connection = 0;
  int without = 0;
  for (int lived = 1; lived < 30; ++lived) {
    Outcome outcome;
    auto handle = core().core().scheduler().spawn(ask(dialer(), {"three.example", 80}, outcome));
    turns(lived);
    handle.cancel();
    ASSERT_TRUE(turn_until([&] { return handle.has_ended(); })) << lived;
    EXPECT_EQ(outcome.ended, 1) << lived;
    (outcome.code == base::ErrorCode::cancelled ? without : with_connection) += 1;
    while (auto peer = core().network().take_connected("10.0.0.3:80")) peer->finish_writing();
    ASSERT_TRUE(turn_until([&] { return dialer().is_idle(); })) << lived;
    ASSERT_EQ(core().network().open_streams(), 0u) << lived;
  }
  EXPECT_GT(with_connection, 0);
  EXPECT_GT(without, 0);
}

TEST_F(Dialer, DrainGivesUpWhatIsUnderWayAndTakesNoMore) {
  start();
  add_remote("10.0.0.1:80", Manner::keeps_silent);
  run(ask(dialer(), address("10.0.0.1"), outcome_));
  turns(3);
  dialer().drain();
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.code, base::ErrorCode::unsupported);
  Outcome late;
  run(ask(dialer(), address("10.0.0.1"), late));
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(late.code, base::ErrorCode::unsupported);
}

TEST_F(Dialer, APeerThatResetsEndsTheRead) {
  start();
  add_remote("10.0.0.1:80", Manner::accepts);
  run(ask(dialer(), address("10.0.0.1"), outcome_));
  auto peer = require_peer("10.0.0.1:80");
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  peer.reset();
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(outcome_.reply, "");
  ASSERT_TRUE(turn_until([&] { return dialer().is_idle(); }));
  EXPECT_EQ(counter("client_peer_failures"), 1u);
}

TEST_F(Dialer, SessionsServeDialedConnectionsToo) {
  start();
  add_remote("10.0.0.1:80", Manner::accepts);
  std::vector<std::string> events;
  ScriptedSession session(events);
  struct Owner {
    void on_dialed(base::Result<net::Connection*> result) {
      ASSERT_TRUE(result);
      events.push_back("dialed");
    }
    std::vector<std::string>& events;
    net::Dial dial = net::Dial::to<&Owner::on_dialed>(this);
  } owner{events};
  dialer().start(owner.dial, address("10.0.0.1"), session);
  EXPECT_TRUE(owner.dial.is_running());
  auto peer = require_peer("10.0.0.1:80");
  write(peer, "echo me");
  ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
  EXPECT_EQ(read(peer), "echo me");
  peer.finish_writing();
  ASSERT_TRUE(turn_until([&] { return dialer().is_idle(); }));
  EXPECT_EQ(events, (std::vector<std::string>{"open", "dialed", "data", "end", "close"}));
}

// Connects that fail, come late, come in the moment of their time-out, and are forgotten at any time: each wish hears once, and nothing
// is left behind.
TEST_F(Dialer, SurvivesAnySchedule) {
  const std::uint64_t first = unit_test::seed();
  faults = simulated::Faults{};
  faults.connect_fails = 100;
  dialer_options.times = {.total = std::chrono::milliseconds(30), .per_address = std::chrono::milliseconds(10)};
  start(first);
  for (const char* where : {"10.0.0.1:80", "10.0.0.2:80"}) add_remote(where, Manner::accepts);
  add_remote("10.0.0.3:80", Manner::keeps_silent);
  auto& random = core().random();
  std::vector<Outcome> outcomes(300);
  std::vector<sched::Task<>> short_lived;
  bool ignored = false;
  std::vector<simulated::Peer> peers;
  for (Outcome& outcome : outcomes) {
    net::Target target = random.chance(500) ? net::Target("three.example", 80)
                                            : net::Target(address("10.0.0." + std::to_string(random.between(1, 4))));
    auto task = ask(dialer(), std::move(target), outcome);
    if (random.chance(300)) {
      short_lived.push_back(std::move(task));
      short_lived.back().inherit(core().core().scheduler().context());
      short_lived.back().start([](void* flag) { *static_cast<bool*>(flag) = true; }, &ignored);
    } else {
      run(std::move(task));
    }
    turns(static_cast<int>(random.below(4)));
    if (random.chance(200)) core().clock().advance(std::chrono::milliseconds(random.below(12)));
    if (random.chance(300)) short_lived.clear();
    for (const char* where : {"10.0.0.1:80", "10.0.0.2:80"}) {
      while (auto peer = core().network().take_connected(where)) peers.push_back(std::move(*peer));
    }
    for (auto& peer : peers) {
      if (peer.can_write() && random.chance(500)) {
        peer.write(base::bytes_of("reply."));
        peer.finish_writing();
      }
    }
  }
  for (int rounds = 0; rounds < 200 && (running() > 0 || !dialer().is_idle()); ++rounds) {
    short_lived.clear();
    pass(std::chrono::milliseconds(20));
    for (const char* where : {"10.0.0.1:80", "10.0.0.2:80"}) {
      while (auto peer = core().network().take_connected(where)) peers.push_back(std::move(*peer));
    }
    for (auto& peer : peers) peer.finish_writing();
  }
  EXPECT_EQ(running(), 0);
  EXPECT_TRUE(dialer().is_idle());
  for (const Outcome& outcome : outcomes) EXPECT_LE(outcome.ended, 1);
  EXPECT_EQ(counter("dialer_dials"), 300u);
  EXPECT_EQ(counter("dialer_connected") + counter("dialer_failed") + counter("dialer_forgotten"), 300u);
  EXPECT_GT(counter("dialer_connected"), 0u);
  EXPECT_GT(counter("dialer_timed_out"), 0u);
}

}  // namespace
}  // namespace net_test
