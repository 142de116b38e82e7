// What happens when chunks run short: full inputs, writes without room, receives that find none.
#include "corering/net/transport.h"

#include "simulated_server.h"

namespace net_test {
namespace {

using Manner = ScriptedSession::Manner;

class Transport : public SimulatedServer {};

// A session that consumes later stops the receive after input_chunks_max chunks, and resume starts it again.
TEST_F(Transport, ALaggingSessionStopsTheReceiveUntilItResumes) {
  limits.input_chunks_max = 3;
  ScriptedSession& session = make_session(Manner::keep_patiently);
  start(session);
  simulated::Peer peer = connect(1 << 20, 100);
  write(peer, std::string(20'000, 'x'));
  turns(50);
  ASSERT_NE(session.last, nullptr);
  EXPECT_GE(session.last->input().count(), 3u);
  EXPECT_LE(session.last->input().count(), 3u + 4u) << "at most one window more";
  EXPECT_EQ(counter("throttled"), 1u);
  const std::uint64_t received = counter("received_bytes");
  session.last->input().clear();
  session.last->resume();
  turns(50);
  EXPECT_GT(counter("received_bytes"), received);
  EXPECT_EQ(counter("aborted"), 0u);
  session.last->abort();
}

// A message that comes in tiny pieces takes no more chunks than its bytes need, and arrives as it was sent.
TEST_F(Transport, SmallPiecesOfAnIncompleteMessageArePutTogether) {
  limits.input_chunks_max = 3;
  ScriptedSession& session = make_session(Manner::keep);
  start(session);
  simulated::Peer peer = connect();
  std::string message;
  for (int index = 0; message.size() < 256 + 100; ++index) {
    const std::string piece(1, static_cast<char>('a' + index % 26));
    message += piece;
    write(peer, piece);
    turns(2);
  }
  ASSERT_NE(session.last, nullptr);
  EXPECT_EQ(counter("received_bytes"), message.size());
  EXPECT_LE(session.last->input().count(), 3u);
  std::string kept;
  session.last->input().for_each([&](base::ByteView bytes) {
    kept.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  });
  EXPECT_EQ(kept, message);
  EXPECT_GT(counter("copied_bytes"), 0u);
  EXPECT_EQ(counter("input_overflows"), 0u);
  session.last->abort();
}

// One that does not fit at all is an error, counted, not a connection that hangs.
TEST_F(Transport, AMessageThatNeverFitsEndsTheConnection) {
  limits.input_chunks_max = 3;
  ScriptedSession& session = make_session(Manner::keep);
  start(session);
  simulated::Peer peer = connect(1 << 20, 100);
  write(peer, std::string(20'000, 'x'));
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(counter("input_overflows"), 1u);
  EXPECT_EQ(counter("aborted"), 1u);
}

// All or nothing; and the session hears when there is room again.
TEST_F(Transport, AWriteWithoutRoomTakesNothingAndIsToldWhenThereIs) {
  options.chunks.chunk_count = 8;
  options.receive_window_chunks = 4;
  ScriptedSession& session = make_session(Manner::keep);
  start(session);
  simulated::Peer peer = connect(65536, 16);
  turns(3);
  ASSERT_NE(session.last, nullptr);
  const std::string bytes(256, 'x');
  EXPECT_EQ(session.last->write_bytes_max(), 256u);
  ASSERT_TRUE(session.last->try_write(base::bytes_of(bytes)));
  ASSERT_TRUE(session.last->try_write(base::bytes_of(bytes).first(100)));
  EXPECT_FALSE(session.last->try_write(base::bytes_of(bytes))) << "the last two chunks are for those whose replies leave";
  EXPECT_EQ(session.last->queued_bytes(), 256u + 100);
  EXPECT_EQ(counter("write_waits"), 1u);
  EXPECT_TRUE(session.last->is_above_high_mark());
  turns(10);
  EXPECT_EQ(std::ranges::count(events, "drain"), 0);
  std::size_t got = 0;
  ASSERT_TRUE(core().turn_until([&] {
    got += read(peer).size();
    return std::ranges::count(events, "drain") != 0;
  }));
  EXPECT_GT(got, 0u);
  EXPECT_FALSE(session.last->is_above_high_mark());
  session.last->abort();
}

// The rest of the last chunk takes bytes when no chunk is free.
TEST_F(Transport, AWriteUsesTheRestOfTheLastChunk) {
  options.chunks.chunk_count = 8;
  options.receive_window_chunks = 4;
  ScriptedSession& session = make_session(Manner::keep);
  start(session);
  simulated::Peer peer = connect(65536, 16);
  turns(3);
  ASSERT_NE(session.last, nullptr);
  const std::string bytes(256, 'x');
  ASSERT_TRUE(session.last->try_write(base::bytes_of(bytes)));
  ASSERT_TRUE(session.last->try_write(base::bytes_of(bytes).first(100)));
  EXPECT_TRUE(session.last->try_write(base::bytes_of(bytes).first(156)));
  EXPECT_FALSE(session.last->try_write(base::bytes_of(bytes).first(1)));
  session.last->abort();
}

// A client that takes no replies holds every chunk but the reserve; those who read are served from that.
TEST_F(Transport, AHogDoesNotStarveThoseWhoRead) {
  options.chunks.chunk_count = 4;
  options.receive_window_chunks = 4;
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer hog = connect(65536, 16);
  std::string sent;
  for (int index = 0; sent.size() < 2000; ++index) sent += std::to_string(index);
  write(hog, sent);
  turns(10);
  EXPECT_EQ(counter("chunks_home"), 2u);
  simulated::Peer other = connect();
  for (int round = 0; round < 20; ++round) {
    write(other, "me too");
    ASSERT_TRUE(core().turn_until([&] { return other.has_data(); }, 100)) << round;
    EXPECT_EQ(read(other), "me too");
  }
  EXPECT_GT(counter("starved"), 0u);
  EXPECT_GE(counter("reserve_receives"), 20u);
  EXPECT_GT(hog.stream().to_server.size(), 0u) << "its data stays in the socket";
  const std::uint64_t enters = core().backend().enters();
  turns(10);
  EXPECT_EQ(core().backend().enters() - enters, 10u);
  std::string got;
  ASSERT_TRUE(core().turn_until([&] {
    got += read(hog);
    return got.size() == sent.size();
  }));
  EXPECT_EQ(got, sent) << "and it loses nothing";
}

// Receives wait oldest first when every chunk is lent out, the reserve as well.
TEST_F(Transport, StarvedReceiversGoOnWhenChunksComeHome) {
  options.chunks.chunk_count = 4;
  options.receive_window_chunks = 4;
  ScriptedSession& session = make_session();
  start(session);
  simulated::Peer hog = connect(65536, 16);
  write(hog, std::string(2000, 'h'));
  turns(10);
  ASSERT_NE(session.last, nullptr);
  const mem::Chunk last_ones[] = {core().core().chunks().try_borrow(), core().core().chunks().try_borrow()};
  ASSERT_TRUE(last_ones[0] && last_ones[1]);
  ASSERT_EQ(counter("chunks_home"), 0u);
  simulated::Peer other = connect();
  write(other, "me too");
  turns(10);
  EXPECT_EQ(other.stream().to_server.size(), 6u) << "its data stays in the socket";
  ASSERT_TRUE(core().turn_until([&] {
    read(hog);
    return other.has_data();
  }));
  EXPECT_EQ(read(other), "me too");
}

// Many clients that each send the beginning of a message and nothing more: their few bytes do not hold every chunk.
TEST_F(Transport, BeginningsOfMessagesDoNotTakeAllChunks) {
  options.chunks.chunk_count = 8;
  options.receive_window_chunks = 4;
  ScriptedSession& session = make_session(Manner::keep);
  start(session);
  std::vector<simulated::Peer> slow;
  for (int index = 0; index < 12; ++index) {
    slow.push_back(connect());
    write(slow.back(), "SET key");
    turns(4);
  }
  EXPECT_EQ(counter("received_bytes"), 12 * 7u);
  EXPECT_GE(counter("chunks_home"), 2u);
  EXPECT_GE(counter("small_chunks_total") - counter("small_chunks_home"), 6u);
  EXPECT_EQ(counter("input_overflows"), 0u);
  core().core().request(runtime::Core::Request::abort);
}

// A small reply does not hold a large chunk while it waits for its peer.
TEST_F(Transport, SmallRepliesLieInSmallChunks) {
  ScriptedSession& session = make_session(Manner::keep);
  start(session);
  simulated::Peer peer = connect(65536, 1);
  turns(3);
  ASSERT_NE(session.last, nullptr);
  const std::uint64_t before = counter("chunks_home");
  ASSERT_TRUE(session.last->try_write(base::bytes_of("+OK\r\n")));
  turns(3);
  EXPECT_EQ(counter("chunks_home"), before);
  EXPECT_EQ(counter("small_chunks_total") - counter("small_chunks_home"), 1u);
  session.last->abort();
}

}  // namespace
}  // namespace net_test
