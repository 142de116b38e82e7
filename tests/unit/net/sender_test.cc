// Zero-copy sends on the simulated ring: whose memory is whose, and until when.
#include "corering/net/sender.h"

#include "simulated_server.h"

namespace net_test {
namespace {

class Sender : public SimulatedServer {
 protected:
  void start_zero_copy(net::ZeroCopy mode) {
    limits.send_policy = {mode, 100};
    start(make_session());
  }

  void exchange(simulated::Peer& peer, const std::string& text) {
    write(peer, text);
    std::string got;
    ASSERT_TRUE(core().turn_until([&] {
      got += read(peer);
      return got.size() == text.size();
    }));
    EXPECT_EQ(got, text);
    turns(3);  // until the results and notifications have been seen
  }
};

// The reply path does not wait for the peer's acknowledgement; the memory does.
TEST_F(Sender, MemoryWaitsForTheNotificationAndRepliesDoNot) {
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  for (int message = 0; message < 5; ++message) {
    write(peer, std::string(200, static_cast<char>('a' + message)));
    turns(3);
  }
  EXPECT_EQ(counter("sends"), 5u);
  EXPECT_EQ(counter("zero_copy_sends"), 5u);
  EXPECT_EQ(counter("zero_copy_bytes"), 1000u);
  EXPECT_EQ(counter("chunks_total") - counter("chunks_home"), 5u) << "all are still the kernel's";
  EXPECT_EQ(read(peer, 400), std::string(200, 'a') + std::string(200, 'b'));
  turns(3);
  EXPECT_EQ(counter("chunks_total") - counter("chunks_home"), 3u);
  read(peer);
  turns(3);
  EXPECT_EQ(counter("chunks_home"), counter("chunks_total"));
}

TEST_F(Sender, SmallSendsAreCopied) {
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  exchange(peer, std::string(99, 'x'));
  EXPECT_EQ(counter("zero_copy_sends"), 0u);
  exchange(peer, std::string(100, 'x'));
  EXPECT_EQ(counter("zero_copy_sends"), 1u);
}

TEST_F(Sender, NeverMeansNever) {
  start_zero_copy(net::ZeroCopy::never);
  simulated::Peer peer = connect();
  exchange(peer, std::string(5000, 'x'));
  EXPECT_EQ(counter("zero_copy_sends"), 0u);
}

// All connections of a listener share the experience.
TEST_F(Sender, AutomaticStopsWithinSixteenCopiedSends) {
  faults.kernel_copies = 1000;
  start_zero_copy(net::ZeroCopy::automatic);
  for (int client = 0; client < 10; ++client) {
    simulated::Peer peer = connect();
    for (int message = 0; message < 5; ++message) exchange(peer, std::string(200, 'x'));
    turns(2);
  }
  EXPECT_EQ(counter("zero_copy_sends"), 16u);
  EXPECT_EQ(counter("zero_copy_copied_sends"), 16u);
  core().clock().advance(net::ZeroCopyTrial::kProbeIntervalMin);
  simulated::Peer peer = connect();
  for (int message = 0; message < 50; ++message) exchange(peer, std::string(200, 'x'));
  EXPECT_EQ(counter("zero_copy_sends"), 17u) << "one asks again";
}

TEST_F(Sender, AutomaticGoesOnWhereItPays) {
  start_zero_copy(net::ZeroCopy::automatic);
  simulated::Peer peer = connect();
  for (int message = 0; message < 50; ++message) exchange(peer, std::string(200, 'x'));
  EXPECT_EQ(counter("zero_copy_sends"), 50u);
  EXPECT_EQ(counter("zero_copy_copied_sends"), 0u);
}

// AF_UNIX and its like: the bytes go the plain way, once and in order.
TEST_F(Sender, ASocketThatRefusesZeroCopyIsServedPlainly) {
  faults.no_zero_copy = 1000;
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  for (int message = 0; message < 20; ++message) exchange(peer, std::string(300, static_cast<char>('a' + message)));
  EXPECT_EQ(counter("zero_copy_bytes"), 0u);
  EXPECT_EQ(counter("peer_failures"), 0u);
}

// A connection whose first zero-copy send finds no memory to be remembered by: the bytes go the plain way until there is some again.
TEST_F(Sender, AFirstSendWithoutMemoryIsPlain) {
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  exchange(peer, "open");
  {
    const mem::Heap::Drought drought;
    exchange(peer, std::string(300, 'x'));
    EXPECT_EQ(counter("zero_copy_sends"), 0u);
  }
  exchange(peer, std::string(300, 'y'));
  EXPECT_GE(counter("zero_copy_sends"), 1u);
}

// The same for one that has sends which nobody has acknowledged yet: order is kept, nothing is lost.
TEST_F(Sender, ALaterSendWithoutMemoryIsPlain) {
  options.chunks.chunk_count = 256;
  limits.send_queue_chunks_high = 256;
  limits.send_queue_free_divisor = 1;
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  std::string sent;
  const auto send_more = [&] {
    const std::string text(200, static_cast<char>('a' + sent.size() / 200 % 26));
    write(peer, text);
    sent += text;
    turns(3);
  };
  exchange(peer, "open");
  send_more();
  ASSERT_EQ(counter("zero_copy_sends"), 1u);
  {
    const mem::Heap::Drought drought;
    for (int send = 0; send < 50; ++send) send_more();
    EXPECT_EQ(counter("zero_copy_sends"), 32u) << "as many as the pool had made ahead";
  }
  send_more();
  std::string got;
  ASSERT_TRUE(core().turn_until([&] {
    got += read(peer);
    return got.size() == sent.size();
  }));
  EXPECT_EQ(got, sent);
  turns(3);
  EXPECT_EQ(counter("chunks_home"), counter("chunks_total"));
}

TEST_F(Sender, AnAbortTakesTheMemoryOfAStalledPeerBack) {
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  write(peer, std::string(200, 'x'));
  turns(5);
  EXPECT_EQ(counter("chunks_total") - counter("chunks_home"), 1u);
  core().core().request(runtime::Core::Request::abort);
  turns(10);
  EXPECT_TRUE(peer.was_reset());
  EXPECT_EQ(counter("chunks_home"), counter("chunks_total"));
  EXPECT_EQ(counter("closed"), 1u);
}

// A connection ends without waiting for a stalled peer; its memory comes home when the peer reads at last, and nothing is lost.
TEST_F(Sender, TheMemoryOutlivesTheConnectionOfAPeerThatStallsForAMinute) {
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  const std::string text(200, 'x');
  write(peer, text);
  peer.finish_writing();
  ASSERT_TRUE(turn_until_closed());
  core().clock().advance(std::chrono::minutes(1));
  turns(5);
  EXPECT_EQ(counter("chunks_total") - counter("chunks_home"), 1u);
  EXPECT_FALSE(peer.was_reset());
  EXPECT_EQ(read(peer), text);
  turns(3);
  EXPECT_EQ(counter("chunks_home"), counter("chunks_total"));
}

// The end of the server does not wait for it either.
TEST_F(Sender, ADrainDoesNotWaitForAcknowledgements) {
  start_zero_copy(net::ZeroCopy::always);
  simulated::Peer peer = connect();
  write(peer, std::string(200, 'x'));
  peer.finish_writing();
  turns(5);
  core().core().request(runtime::Core::Request::drain);
  EXPECT_TRUE(core().turn_until([&] { return !core().turn(); }, 100));
  EXPECT_EQ(counter("chunks_home"), counter("chunks_total"));
  EXPECT_FALSE(peer.was_reset());
}

// A chunk of which a zero-copy send took a part and a plain one the rest is free only when both are.
TEST_F(Sender, APartlySentChunkStaysUntilBothSendsAreReleased) {
  limits.send_policy = {net::ZeroCopy::always, 150};
  start(make_session());
  simulated::Peer peer = connect(65536, 200);
  faults.short_send = 0;
  write(peer, std::string(100, 'a'));
  turns(3);
  write(peer, std::string(200, 'b'));
  turns(3);
  std::string got;
  ASSERT_TRUE(core().turn_until([&] {
    got += read(peer, 10);
    return got.size() == 300;
  }));
  EXPECT_EQ(got, std::string(100, 'a') + std::string(200, 'b'));
  turns(3);
  EXPECT_EQ(counter("chunks_home"), counter("chunks_total"));
}

}  // namespace
}  // namespace net_test
