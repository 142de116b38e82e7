#include "corering/net/listener.h"

#include "corering/sys/listen_socket.h"
#include "simulated_server.h"

namespace net_test {
namespace {

class Listener : public SimulatedServer {
 protected:
  ScriptedSession& session_ = make_session();
};

// At the limit nobody is turned away: clients wait in the backlog until there is room.
TEST_F(Listener, PausesAtTheLimitAndGoesOnBelowIt) {
  limits.connections_max = 3;
  start(session_);
  std::vector<simulated::Peer> peers;
  for (int index = 0; index < 6; ++index) {
    peers.push_back(connect());
    write(peers.back(), "hello");
  }
  turns(30);
  EXPECT_EQ(counter("accepted"), 3u);
  EXPECT_EQ(counter("refused"), 0u);
  EXPECT_GE(counter("accept_pauses"), 1u);
  for (int index = 0; index < 3; ++index) EXPECT_EQ(read(peers[static_cast<std::size_t>(index)]), "hello");
  EXPECT_FALSE(peers[3].has_data());
  peers[0].finish_writing();
  ASSERT_TRUE(core().turn_until([&] { return peers[3].has_data(); }));
  EXPECT_EQ(counter("accepted"), 4u);
  EXPECT_FALSE(peers[4].has_data());
}

// With room for a whole backlog one submission accepts them all.
TEST_F(Listener, AcceptsManyWithOneSubmission) {
  limits.connections_max = sys::kListenBacklog + 100;
  start(session_);
  turns(2);
  const std::uint64_t before = counter("submitted");
  std::vector<simulated::Peer> peers;
  for (int index = 0; index < 50; ++index) peers.push_back(connect());
  ASSERT_TRUE(core().turn_until([&] { return counter("accepted") == 50; }));
  turns(2);
  EXPECT_EQ(counter("submitted") - before, 50u) << "a receive for each, no accept";
}

TEST_F(Listener, AFailedAcceptIsCountedAndTriedAgainAfterAPause) {
  faults.accept_fails = 1000;
  start(session_);
  simulated::Peer peer = connect();
  turns(20);
  const std::uint64_t failures = counter("accept_failures");
  EXPECT_LE(failures, 1u) << "it does not spin";
  EXPECT_EQ(counter("accepted"), 0u);
  for (int step = 0; step < 20; ++step) {
    core().clock().advance(limits.accept_backoff);
    turns(3);
  }
  EXPECT_GT(counter("accept_failures"), failures);
}

TEST_F(Listener, AMultishotThatEndsForNoReasonIsArmedAgain) {
  limits.connections_max = sys::kListenBacklog + 100;
  faults.multishot_ends = 1000;
  start(session_);
  std::vector<simulated::Peer> peers;
  for (int index = 0; index < 20; ++index) peers.push_back(connect());
  EXPECT_TRUE(core().turn_until([&] { return counter("accepted") == 20; }));
}

// A new client hears at once that nobody listens, instead of waiting in a backlog that nobody empties.
TEST_F(Listener, ClosesItsSocketOnceItDrains) {
  start(session_);
  turns(3);
  core().core().request(runtime::Core::Request::drain);
  turns(3);
  simulated::Peer late = connect();
  write(late, "too late");
  turns(20);
  EXPECT_TRUE(late.was_reset());
  EXPECT_EQ(counter("accepted"), 0u);
}

// An accepted socket for which there is no connection, and no memory to await its close by either: closed all the same.
TEST_F(Listener, WithoutMemoryItClosesWhatItAccepts) {
  limits.connections_max = 100;
  start(session_);
  {
    const mem::Heap::Drought drought;
    simulated::Peer peer = connect();
    write(peer, "hello");
    ASSERT_TRUE(core().turn_until([&] { return counter("refused") == 1; }));
    turns(5);
    EXPECT_TRUE(peer.was_reset());
  }
  EXPECT_EQ(counter("accepted"), 0u);
  simulated::Peer peer = connect();
  write(peer, "hello");
  EXPECT_TRUE(core().turn_until([&] { return peer.has_data(); })) << "it goes on when there is memory again";
}

}  // namespace
}  // namespace net_test
