#include "corering/net/connection.h"

#include "simulated_server.h"

namespace net_test {
namespace {

using Manner = ScriptedSession::Manner;
using Events = std::vector<std::string>;

class Connection : public SimulatedServer {};

TEST_F(Connection, LivesFromOpenToClose) {
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect();
  write(peer, "hello");
  turns(4);
  EXPECT_EQ(read(peer), "hello");
  peer.finish_writing();
  turns(4);
  EXPECT_TRUE(peer.is_at_end());
  EXPECT_FALSE(peer.was_reset());
  EXPECT_EQ(events, (Events{"open", "data", "end", "close"}));
}

// What a peer sent before its end is answered in full, however the kernel mixes data and end.
TEST_F(Connection, DataThatArrivesWithTheEndIsEchoed) {
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect();
  const std::string text(3000, 'x');
  write(peer, text);
  peer.finish_writing();
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(read(peer), text);
  EXPECT_FALSE(peer.was_reset());
}

// finish(): replies leave, our end is told, and what the peer still sends does not turn the close into a reset.
TEST_F(Connection, AFinishedConnectionWaitsForThePeersEnd) {
  ScriptedSession& session = make_session(Manner::finish_at_once);
  start(session);
  simulated::Peer peer = connect();
  write(peer, "bye");
  ASSERT_TRUE(core().turn_until([&] { return peer.is_at_end(); }));
  EXPECT_FALSE(peer.stream().server_closed);
  write(peer, "but I was not done");
  turns(5);
  EXPECT_FALSE(peer.stream().server_closed);
  EXPECT_EQ(peer.stream().to_server.size(), 0u) << "what still comes is read and discarded";
  peer.finish_writing();
  ASSERT_TRUE(turn_until_closed());
  EXPECT_FALSE(peer.was_reset());
  EXPECT_EQ(counter("discarded_bytes"), 3u + 18u);
  EXPECT_EQ(events, (Events{"open", "data", "close"})) << "a session that has finished hears no more";
}

TEST_F(Connection, LingeringEndsAtItsTimeout) {
  limits.linger_timeout = std::chrono::milliseconds(100);
  ScriptedSession& session = make_session(Manner::finish_at_once);
  start(session);
  simulated::Peer peer = connect();
  write(peer, "bye");
  ASSERT_TRUE(core().turn_until([&] { return peer.is_at_end(); }));
  turns(5);
  EXPECT_FALSE(peer.stream().server_closed);
  core().clock().advance(std::chrono::milliseconds(200));
  turns(5);
  EXPECT_TRUE(peer.stream().server_closed);
}

TEST_F(Connection, AnAbortDropsWhatIsQueuedAndEndsQuietly) {
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect(65536, 16);  // takes almost nothing back
  write(peer, std::string(1000, 'x'));
  turns(4);
  ASSERT_NE(session.last, nullptr);
  EXPECT_GT(session.last->queued_bytes(), 0u);
  session.last->abort();
  session.last->abort();  // again is once
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(counter("aborted"), 1u);
  EXPECT_EQ(events.back(), "close");
}

TEST_F(Connection, AnAbortInsideAHookIsSafe) {
  ScriptedSession& session = make_session(Manner::abort_at_once);
  start(session);
  simulated::Peer peer = connect();
  write(peer, "boom");
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(events, (Events{"open", "data", "close"}));
}

TEST_F(Connection, APeersResetIsCountedAndEndsTheConnection) {
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect();
  turns(3);
  peer.reset();
  ASSERT_TRUE(core().turn_until([&] { return counter("closed") == 1; }));
  EXPECT_EQ(counter("peer_failures"), 1u);
  EXPECT_EQ(events, (Events{"open", "close"}));
}

// Back-pressure: a peer that does not read its replies is not read from, and is again when it reads.
TEST_F(Connection, ASlowReaderIsNotReadFrom) {
  limits.send_queue_bytes_high = 1000;
  limits.send_queue_bytes_low = 500;
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect(1 << 20, 100);
  std::string sent;
  for (int index = 0; sent.size() < 20'000; ++index) sent += std::to_string(index) + ' ';
  write(peer, sent);
  turns(50);
  EXPECT_EQ(counter("throttled"), 1u);
  const std::uint64_t held = peer.stream().server_received_bytes;
  // One batch of chunks may pass the mark before the receive is cancelled.
  EXPECT_LT(held, 1000u + 100u + 8 * 256u);
  turns(50);
  EXPECT_EQ(peer.stream().server_received_bytes, held);
  std::string got;
  core().turn_until([&] {
    got += read(peer);
    return got.size() == sent.size();
  });
  EXPECT_EQ(got, sent);
  EXPECT_NE(std::ranges::count(events, "drain"), 0);
}

// Many small messages hold a chunk each: the queue is bounded by chunks as well as by bytes, or one client could take them all.
TEST_F(Connection, SmallMessagesDoNotTakeAllChunks) {
  options.chunks.chunk_count = 128;
  limits.send_queue_chunks_high = 8;
  limits.send_queue_chunks_low = 2;
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer hog = connect(65536, 1);
  for (int message = 0; message < 500; ++message) {
    write(hog, "x");
    turns(1);
  }
  EXPECT_GE(counter("throttled"), 1u);
  EXPECT_GE(counter("chunks_home"), 128u - 8u - 8u);
  simulated::Peer other = connect();
  write(other, "hello");
  ASSERT_TRUE(core().turn_until([&] { return other.has_data(); }));
  EXPECT_EQ(read(other), "hello");
}

// Sends after the end are dropped, also while the connection lingers for its peer.
TEST_F(Connection, SendsAfterFinishAreDropped) {
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect();
  turns(5);
  net::Connection& connection = *session.last;
  connection.hold();
  connection.finish();
  ASSERT_TRUE(core().turn_until([&] { return peer.is_at_end(); }));
  EXPECT_TRUE(connection.try_write(base::bytes_of("late")));
  EXPECT_EQ(connection.queued_bytes(), 0u);
  peer.finish_writing();
  turns(5);
  EXPECT_TRUE(connection.try_write(base::bytes_of("later")));
  connection.send(net::Slice());
  connection.unhold();
  EXPECT_TRUE(turn_until_closed());
  EXPECT_EQ(read(peer), "");
  EXPECT_EQ(counter("peer_failures"), 0u);
}

TEST_F(Connection, AnIdleConnectionIsFinishedAndAnActiveOneIsNot) {
  limits.idle_timeout = std::chrono::seconds(1);
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer idle = connect();
  simulated::Peer active = connect();
  for (int step = 0; step < 12; ++step) {
    write(active, "x");
    turns(4);
    core().clock().advance(std::chrono::milliseconds(100));
  }
  turns(4);
  EXPECT_TRUE(idle.is_at_end());
  EXPECT_FALSE(idle.was_reset());
  read(active);
  EXPECT_FALSE(active.is_at_end());
  EXPECT_EQ(counter("timed_out"), 1u);
}

TEST_F(Connection, AnIdlePeerThatTakesNothingIsAborted) {
  limits.idle_timeout = std::chrono::seconds(1);
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect(65536, 16);
  write(peer, std::string(1000, 'x'));
  turns(10);
  core().clock().advance(std::chrono::seconds(2));
  ASSERT_TRUE(turn_until_closed()) << metrics::to_line(core().counters());
  EXPECT_EQ(counter("timed_out"), 1u);
  EXPECT_EQ(counter("aborted"), 1u);
}

TEST_F(Connection, DrainingAnswersWhatWasReceived) {
  limits.send_queue_free_divisor = 1;  // or the few chunks here would not take it all
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect(65536, 64);
  write(peer, std::string(1000, 'x'));
  turns(5);
  const std::uint64_t received = peer.stream().server_received_bytes;
  ASSERT_EQ(received, 1000u);
  core().core().request(runtime::Core::Request::drain);
  std::string got;
  core().turn_until([&] {
    got += read(peer);
    if (peer.is_at_end()) peer.finish_writing();
    return peer.stream().server_closed;
  });
  EXPECT_EQ(got, std::string(1000, 'x'));
  EXPECT_FALSE(peer.was_reset());
}

TEST_F(Connection, ADrainTimeoutDropsAPeerThatNeverReads) {
  options.drain_timeout = std::chrono::seconds(2);
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer peer = connect(65536, 64);
  write(peer, std::string(1000, 'x'));
  turns(5);
  core().core().request(runtime::Core::Request::drain);
  turns(10);
  EXPECT_FALSE(peer.stream().server_closed);
  core().clock().advance(std::chrono::seconds(3));
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(counter("aborted"), 1u);
}

// Small replies are copied behind each other into one chunk and leave with one send.
TEST_F(Connection, WritesOfATurnLeaveTogether) {
  class Replier final : public net::Session {
   public:
    void on_data(net::Connection& connection) override {
      connection.input().clear();
      for (const char* part : {"one ", "two ", "three"}) EXPECT_TRUE(connection.try_write(base::bytes_of(part)));
    }
  };
  start(std::make_unique<net::SharedSession<Replier>>());
  simulated::Peer peer = connect();
  write(peer, "?");
  ASSERT_TRUE(core().turn_until([&] { return peer.has_data(); }));
  EXPECT_EQ(read(peer), "one two three");
  turns(2);  // until the send's completion has been seen
  EXPECT_EQ(counter("sends"), 1u);
  EXPECT_EQ(counter("copied_bytes"), 13u);
}

// Composes "[" + what came + "]" where it is sent from, what came lent from memory of its own.
class BracketSession final : public net::Session {
 public:
  void on_data(net::Connection& connection) override {
    if (has_brackets) write(connection, "[");
    connection.input().for_each([&](base::ByteView piece) {
      text += base::text_of(piece);
      return true;
    });
    connection.input().consume(connection.input().bytes());
    was_lent = connection.try_send_lent(base::bytes_of(text),
                                        {[](void* self) noexcept { ++static_cast<BracketSession*>(self)->returns; }, this});
    if (has_brackets) write(connection, "]");
  }

  static void write(net::Connection& connection, std::string_view bytes) {
    const base::MutableBytes place = connection.try_begin_write(bytes.size(), 40);
    ASSERT_GE(place.size(), bytes.size());
    std::ranges::copy(base::bytes_of(bytes), place.begin());
    connection.end_write(bytes.size());
  }

  std::string text;
  bool has_brackets = true;
  bool was_lent = false;
  int returns = 0;
};

class Replies : public Connection {
 protected:
  BracketSession session;  // outlives the server, whose drain in TearDown still calls it
};

TEST_F(Replies, ComposedAndLentOnesLeaveTogetherAndUncopied) {
  start(session);
  simulated::Peer peer = connect();
  write(peer, "a value");
  turns(5);
  EXPECT_EQ(read(peer), "[a value]");
  EXPECT_TRUE(session.was_lent);
  EXPECT_EQ(session.returns, 1);
  EXPECT_EQ(counter("sends"), 1u);
  EXPECT_EQ(counter("copied_bytes"), 0u);
  EXPECT_EQ(counter("lent_bytes"), 7u);
}

TEST_F(Replies, WhatIsLentToAConnectionThatAbortsIsTakenBack) {
  start(session);
  simulated::Peer peer = connect(65536, 4);
  write(peer, "a value");
  turns(3);
  EXPECT_EQ(session.returns, 0) << "the peer has not taken it yet";
  core().core().request(runtime::Core::Request::abort);
  turns(10);
  EXPECT_EQ(session.returns, 1);
  EXPECT_EQ(counter("closed"), 1u);
}

TEST_F(Replies, WhoeverHasNothingQueuedMayLendOneBeyondTheLimit) {
  limits.lent_slices_max = 0;
  session.has_brackets = false;
  start(session);
  simulated::Peer peer = connect();
  write(peer, "a value");
  turns(5);
  EXPECT_TRUE(session.was_lent);
  EXPECT_EQ(read(peer), "a value");
  EXPECT_EQ(session.returns, 1);
  EXPECT_EQ(counter("lending_refused"), 0u);
}

TEST_F(Replies, LendingBeyondTheLimitIsRefusedAndCounted) {
  limits.lent_slices_max = 0;
  start(session);
  simulated::Peer peer = connect();
  write(peer, "a value");
  turns(5);
  EXPECT_FALSE(session.was_lent);
  EXPECT_EQ(read(peer), "[]");
  EXPECT_EQ(counter("lending_refused"), 1u);
}

TEST_F(Connection, WorksOnDirectDescriptors) {
  options.direct_descriptors = 8;
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer first = connect();
  write(first, "slot");
  first.finish_writing();
  ASSERT_TRUE(core().turn_until([&] { return first.stream().server_closed; }));
  EXPECT_EQ(read(first), "slot");
  simulated::Peer second = connect();
  turns(3);
  ASSERT_NE(session.last, nullptr);
  session.last->finish();  // goes by IORING_OP_SHUTDOWN here
  ASSERT_TRUE(core().turn_until([&] { return second.is_at_end(); }));
  second.finish_writing();
  ASSERT_TRUE(core().turn_until([&] { return second.stream().server_closed; }));
}

}  // namespace
}  // namespace net_test
