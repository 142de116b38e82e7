#include "corering/net/coroutine_session.h"

#include "corering/sched/with_timeout.h"
#include "simulated_server.h"

namespace net_test {
namespace {

// What the handlers below did, for the tests to see.
struct Log {
  int returned = 0;
  int sends_refused = 0;
  std::string got;
};
Log seen;

sched::Task<> echo(net::Connection& connection) {
  for (;;) {
    net::Slice slice = co_await connection.receive();
    if (!slice) break;
    const bool sent = co_await connection.send_with_backpressure(std::move(slice));
    if (!sent) ++seen.sends_refused;
  }
  ++seen.returned;
}

sched::Task<> greet_and_leave(net::Connection& connection) {
  EXPECT_TRUE(connection.try_write(base::bytes_of("welcome, and goodbye")));
  ++seen.returned;
  co_return;
}

sched::Task<std::string> read_word(net::Connection& connection) {
  std::string word;
  while (word.find(' ') == std::string::npos) {
    net::Slice slice = co_await connection.receive();
    if (!slice) break;
    word += base::text_of(slice.bytes());
  }
  co_return word;
}

sched::Task<> nested(net::Connection& connection) {
  seen.got = co_await read_word(connection);
  ++seen.returned;
}

// A header of one byte says in hundreds how long the body is; the body lands in memory of the coroutine and is answered from there.
sched::Task<> land_bodies(net::Connection& connection) {
  for (;;) {
    net::Slice header = co_await connection.receive();
    if (!header) break;
    std::string body(static_cast<std::size_t>(header.bytes()[0]) * 100, '-');
    if (header.bytes().size() > 1) {
      header.remove_prefix(1);
      seen.got += base::text_of(header.bytes());
    }
    const std::size_t landed = co_await connection.receive_into(std::as_writable_bytes(std::span(body.data(), body.size())));
    body.resize(landed);
    seen.got += body;
  }
  ++seen.returned;
}

class CoroutineSession : public SimulatedServer {
 protected:
  void SetUp() override { seen = {}; }
  void start_with(net::ConnectionHandler handler) {
    start(std::make_unique<net::CoroutineSessions>(handler, limits.connections_max));
  }
};

TEST_F(CoroutineSession, EchoesAndReturnsAtTheEnd) {
  start_with(&echo);
  simulated::Peer peer = connect();
  write(peer, "hello");
  ASSERT_TRUE(core().turn_until([&] { return peer.has_data(); }));
  EXPECT_EQ(read(peer), "hello");
  EXPECT_EQ(seen.returned, 0);
  peer.finish_writing();
  ASSERT_TRUE(core().turn_until([&] { return peer.stream().server_closed; }));
  EXPECT_EQ(seen.returned, 1);
  EXPECT_FALSE(peer.was_reset());
}

TEST_F(CoroutineSession, AHandlerThatReturnsAtOnceStillSendsItsWords) {
  start_with(&greet_and_leave);
  simulated::Peer peer = connect();
  ASSERT_TRUE(core().turn_until([&] { return peer.stream().server_ended; }));
  EXPECT_EQ(read(peer), "welcome, and goodbye");
  peer.finish_writing();
  EXPECT_TRUE(core().turn_until([&] { return peer.stream().server_closed; }));
}

TEST_F(CoroutineSession, AwaitsOtherCoroutines) {
  start_with(&nested);
  simulated::Peer peer = connect();
  for (const char* part : {"hel", "lo", " world"}) {
    write(peer, part);
    turns(4);
  }
  EXPECT_EQ(seen.got, "hello world");
  EXPECT_EQ(seen.returned, 1);
}

TEST_F(CoroutineSession, AResetEndsAHandlerThatWaitsForData) {
  start_with(&echo);
  simulated::Peer peer = connect();
  turns(3);
  peer.reset();
  ASSERT_TRUE(core().turn_until([&] { return counter("closed") == 1; }));
  EXPECT_EQ(seen.returned, 1);
}

TEST_F(CoroutineSession, AnAbortEndsAHandlerThatWaitsForRoom) {
  limits.send_queue_bytes_high = 100;
  limits.send_queue_bytes_low = 50;
  start_with(&echo);
  simulated::Peer peer = connect(65536, 16);
  write(peer, std::string(2000, 'x'));
  turns(10);
  EXPECT_EQ(seen.returned, 0);
  peer.reset();
  ASSERT_TRUE(core().turn_until([&] { return counter("closed") == 1; }));
  EXPECT_EQ(seen.returned, 1);
  EXPECT_GE(seen.sends_refused, 1);
}

// A handler that is slow to send holds the receive back instead of the memory.
TEST_F(CoroutineSession, BackPressureReachesThePeer) {
  limits.send_queue_bytes_high = 500;
  limits.send_queue_bytes_low = 250;
  limits.input_chunks_max = 2;
  start_with(&echo);
  simulated::Peer peer = connect(1 << 20, 64);
  std::string sent;
  for (int index = 0; sent.size() < 10'000; ++index) sent += std::to_string(index) + ' ';
  write(peer, sent);
  turns(50);
  EXPECT_LT(peer.stream().server_received_bytes, 4000u);
  std::string got;
  core().turn_until([&] {
    got += read(peer);
    return got.size() == sent.size();
  });
  EXPECT_EQ(got, sent);
}

TEST_F(CoroutineSession, ReceivesIntoItsOwnMemory) {
  start_with(&land_bodies);
  simulated::Peer peer = connect();
  const std::string body(200, 'b');
  write(peer, std::string(1, 2));
  turns(4);
  write(peer, body.substr(0, 50));
  turns(4);
  EXPECT_EQ(seen.got, "") << "the rest is still awaited";
  write(peer, body.substr(50).append(1, 1));
  turns(6);
  EXPECT_EQ(seen.got, body);
  EXPECT_GE(counter("landed_bytes"), 150u);
  peer.finish_writing();
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(seen.got, body) << "the second body never came";
  EXPECT_EQ(seen.returned, 1);
}

// Header, body and end in one go: what has been received is not lost to the end.
TEST_F(CoroutineSession, ALandingTakesWhatCameBeforeTheEnd) {
  options.chunks.chunk_bytes = 64;
  start_with(&land_bodies);
  simulated::Peer peer = connect();
  const std::string body(200, 'b');
  // The first chunk is the header and 63 bytes that it happens to hold.
  write(peer, std::string(1, 2).append(63, 'a').append(body));
  peer.finish_writing();
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(seen.got, std::string(63, 'a').append(body));
  EXPECT_EQ(seen.returned, 1);
}

// The memory of a landing is the kernel's until the receive has ended: the coroutine is not woken before.
TEST_F(CoroutineSession, AnAbortDuringALandingWakesWhenTheKernelHasLetGo) {
  start_with(&land_bodies);
  simulated::Peer peer = connect();
  write(peer, std::string(1, 2));
  turns(6);
  write(peer, std::string(50, 'b'));
  turns(2);
  core().core().request(runtime::Core::Request::abort);
  ASSERT_TRUE(core().turn_until([&] { return seen.returned == 1; }));
  EXPECT_EQ(core().backend().pending_receives(), 0u);
  EXPECT_EQ(seen.got, std::string(50, 'b'));
}

// Gives up on a peer that says nothing for 50 ms, tells it so, and listens on.
sched::Task<std::string> receive_text(net::Connection& connection) {
  net::Slice slice = co_await connection.receive();
  if (!slice) co_return std::string();
  co_return std::string(base::text_of(slice.bytes()));
}

sched::Task<> impatient(net::Connection& connection) {
  for (;;) {
    const auto text = co_await sched::with_timeout(receive_text(connection), std::chrono::milliseconds(50));
    if (text && text->empty()) break;
    seen.got += text ? *text : "(late)";
  }
  ++seen.returned;
}

TEST_F(CoroutineSession, ATimeoutEndsAReceiveAndTheConnectionIsAsItWas) {
  start_with(&impatient);
  simulated::Peer peer = connect();
  write(peer, "first ");
  turns(6);
  EXPECT_EQ(seen.got, "first ");
  core().clock().advance(std::chrono::milliseconds(60));
  turns(6);
  EXPECT_EQ(seen.got, "first (late)");
  write(peer, " second");
  turns(6);
  EXPECT_EQ(seen.got, "first (late) second");
  peer.finish_writing();
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(seen.returned, 1);
}

sched::Task<> land_one(net::Connection& connection, std::string& body) {
  const std::size_t landed = co_await connection.receive_into(std::as_writable_bytes(std::span(body.data(), body.size())));
  body.resize(landed);
}

sched::Task<> land_in_time(net::Connection& connection) {
  std::string body(200, '-');
  const auto landed = co_await sched::with_timeout(land_one(connection, body), std::chrono::milliseconds(50));
  seen.got = landed ? body : "(late) " + body;
  ++seen.returned;
}

// What has landed cannot go back to the stream, and the memory is the kernel's until it lets go.
TEST_F(CoroutineSession, ATimeoutOfALandingBreaksTheConnectionOff) {
  start_with(&land_in_time);
  simulated::Peer peer = connect();
  write(peer, std::string(30, 'b'));
  turns(6);
  core().clock().advance(std::chrono::milliseconds(60));
  ASSERT_TRUE(turn_until_closed());
  EXPECT_EQ(seen.returned, 1);
  EXPECT_EQ(seen.got, "(late) " + std::string(30, 'b'));
  EXPECT_EQ(core().backend().pending_receives(), 0u);
}

sched::Task<bool> send_all(net::Connection& connection) {
  net::Slice slice = co_await connection.receive();
  const bool sent = co_await connection.send_with_backpressure(std::move(slice));
  co_return sent;
}

sched::Task<> send_in_time(net::Connection& connection) {
  const auto sent = co_await sched::with_timeout(send_all(connection), std::chrono::milliseconds(50));
  seen.got = sent ? "sent" : "late";
  ++seen.returned;
}

TEST_F(CoroutineSession, ATimeoutEndsAWaitForRoom) {
  limits.send_queue_bytes_high = 100;
  limits.send_queue_bytes_low = 50;
  start_with(&send_in_time);
  simulated::Peer peer = connect(65536, 16);
  write(peer, std::string(250, 'x'));
  turns(10);
  EXPECT_EQ(seen.returned, 0);
  core().clock().advance(std::chrono::milliseconds(60));
  ASSERT_TRUE(core().turn_until([&] { return seen.returned == 1; }));
  EXPECT_EQ(seen.got, "late");
  std::string got;
  core().turn_until([&] {
    got += read(peer);
    return got.size() == 250;
  });
  EXPECT_EQ(got.size(), 250u) << "what was queued still leaves";
  peer.finish_writing();
}

TEST_F(CoroutineSession, WithoutMemoryForOneTheConnectionIsRefused) {
  check_refusal_without_session(std::make_unique<net::CoroutineSessions>(&greet_and_leave, 8), "hello");
}

}  // namespace
}  // namespace net_test
