#include "corering/ring/buffer_ring.h"

#include <algorithm>
#include <string>
#include <vector>

#include "real_ring.h"

namespace ring_test {
namespace {

class BufferRing : public RealRing {
 protected:
  static constexpr std::size_t kChunks = 8;

  void open(std::uint32_t window, std::uint32_t reserve = 0) {
    auto pool = mem::ChunkPool::open({.chunk_bytes = 64, .chunk_count = kChunks});
    ASSERT_TRUE(pool);
    pool_.emplace(std::move(*pool));
    auto buffers =
        ring::BufferRing::open(ring(), *pool_, {.window_chunks = window, .window_chunks_max = 16, .reserve_chunks = reserve});
    ASSERT_TRUE(buffers) << buffers.error().text;
    buffers_.emplace(std::move(*buffers));
  }

  void arm(Recorder& receive, int fd) {
    ring::prepare_receive_multishot(ring().require_sqe(receive.completion), file(fd), buffers_->group());
  }

  std::string text(const mem::Chunk& chunk, ring::IoResult result) {
    return {reinterpret_cast<const char*>(chunk.bytes().data()), static_cast<std::size_t>(result.value)};
  }

  std::optional<mem::ChunkPool> pool_;
  std::optional<ring::BufferRing> buffers_;
};

TEST_F(BufferRing, ReceivesPieceByPieceUntilTheEnd) {
  open(4);
  SocketPair pair;
  Recorder receive;
  buffers_->refill();
  EXPECT_EQ(pool_->free_count(), kChunks - 4);
  arm(receive, pair.fds[0]);
  for (const std::string piece : {"first", "second"}) {
    ASSERT_EQ(::write(pair.fds[1], piece.data(), piece.size()), static_cast<ssize_t>(piece.size()));
    receive.results.clear();
    turn_until([&] { return receive.results.size() == 1; });
    ASSERT_TRUE(receive.results[0].has_buffer());
    EXPECT_TRUE(receive.results[0].more());
    const mem::Chunk chunk = buffers_->take(receive.results[0].buffer_id());
    EXPECT_EQ(text(chunk, receive.results[0]), piece);
  }
  ::close(std::exchange(pair.fds[1], -1));
  finish(receive);
  EXPECT_EQ(receive.results.back().value, 0);
  EXPECT_FALSE(receive.results.back().more());
  if (receive.results.back().has_buffer()) buffers_->take(receive.results.back().buffer_id());
  EXPECT_EQ(pool_->free_count() + buffers_->in_window(), kChunks);
}

// Data and the end of the stream in one batch keep their order.
TEST_F(BufferRing, DataComesBeforeTheEnd) {
  open(4);
  SocketPair pair;
  ASSERT_EQ(::write(pair.fds[1], "last words", 10), 10);
  ::close(std::exchange(pair.fds[1], -1));
  Recorder receive;
  buffers_->refill();
  arm(receive, pair.fds[0]);
  finish(receive);
  ASSERT_GE(receive.results.size(), 2u);
  EXPECT_EQ(receive.results.front().value, 10);
  EXPECT_EQ(receive.results.back().value, 0);
  for (const ring::IoResult& result : receive.results) {
    if (result.has_buffer()) buffers_->take(result.buffer_id());
  }
}

// The end is reported wherever it falls between arming, entering and data, on both kinds of stream.
TEST_F(BufferRing, TheEndIsNeverLost) {
  for (const int family : {AF_UNIX, AF_INET}) {
    for (const bool armed_before_data : {false, true}) {
      SCOPED_TRACE(testing::Message() << "family " << family << ", armed before data: " << armed_before_data);
      open(4);
      SocketPair pair(family);
      Recorder receive;
      buffers_->refill();
      arm(receive, pair.fds[0]);
      if (armed_before_data) ring().enter({});
      ASSERT_EQ(::write(pair.fds[1], "last words", 10), 10);
      ::shutdown(pair.fds[1], SHUT_WR);
      finish(receive);
      EXPECT_EQ(receive.results.front().value, 10);
      EXPECT_EQ(receive.results.back().value, 0);
      for (const ring::IoResult& result : receive.results) {
        if (result.has_buffer()) buffers_->take(result.buffer_id());
      }
      buffers_.reset();
    }
  }
}

TEST_F(BufferRing, AnEmptyRingFailsWithOrWithoutData) {
  open(4);
  SocketPair pair;
  Recorder early;
  arm(early, pair.fds[0]);
  finish(early);
  EXPECT_EQ(early.results[0].value, -ENOBUFS);

  ASSERT_EQ(::write(pair.fds[1], "kept", 4), 4);
  Recorder later;
  arm(later, pair.fds[0]);
  finish(later);
  EXPECT_EQ(later.results[0].value, -ENOBUFS);

  // The data has stayed in the socket.
  buffers_->refill();
  Recorder again;
  arm(again, pair.fds[0]);
  turn_until([&] { return again.results.size() == 1; });
  const mem::Chunk chunk = buffers_->take(again.results[0].buffer_id());
  EXPECT_EQ(text(chunk, again.results[0]), "kept");
  ::close(std::exchange(pair.fds[1], -1));
  finish(again);
  if (again.results.back().has_buffer()) buffers_->take(again.results.back().buffer_id());
}

// The window holds what was given back last, and grows only when the kernel found it empty while the pool was not.
TEST_F(BufferRing, TheWindowStaysSmallAndWarm) {
  open(2);
  SocketPair pair;
  Recorder receive;
  buffers_->refill();
  arm(receive, pair.fds[0]);
  std::vector<bool> used(kChunks, false);
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(::write(pair.fds[1], "x", 1), 1);
    receive.results.clear();
    turn_until([&] { return receive.results.size() == 1; });
    used[receive.results[0].buffer_id()] = true;
    buffers_->take(receive.results[0].buffer_id());
    buffers_->refill();
  }
  EXPECT_LE(std::count(used.begin(), used.end(), true), 3);
  EXPECT_EQ(buffers_->window_chunks(), 2u);
  buffers_->on_exhausted();
  EXPECT_EQ(buffers_->window_chunks(), 4u);
  buffers_->on_exhausted();
  EXPECT_EQ(buffers_->window_chunks(), 4u) << "the same dry spell";
  buffers_->refill();
  std::vector<mem::Chunk> taken;
  while (mem::Chunk chunk = pool_->try_borrow()) taken.push_back(std::move(chunk));
  buffers_->on_exhausted();
  EXPECT_EQ(buffers_->window_chunks(), 4u) << "an exhausted pool needs no larger window";
  ::close(std::exchange(pair.fds[1], -1));
  finish(receive);
  if (receive.results.back().has_buffer()) buffers_->take(receive.results.back().buffer_id());
}

// A burst widens the window, quiet times narrow it again, down to what it began with.
TEST_F(BufferRing, AWindowThatIsNotUsedNarrows) {
  open(1);
  for (int dry_spell = 0; dry_spell < 3; ++dry_spell) {
    buffers_->on_exhausted();
    buffers_->refill();
  }
  EXPECT_EQ(buffers_->window_chunks(), 8u);
  for (int refill = 0; refill < 5000; ++refill) buffers_->refill();
  EXPECT_EQ(buffers_->window_chunks(), 1u);
  EXPECT_EQ(buffers_->in_window(), 8u) << "what lies there leaves only by being used";
}

TEST_F(BufferRing, LeavesTheReserveInThePool) {
  open(8, 3);
  buffers_->refill();
  EXPECT_EQ(pool_->free_count(), 3u);
  EXPECT_TRUE(buffers_->is_short());
  buffers_->on_exhausted();
  EXPECT_EQ(buffers_->window_chunks(), 8u) << "there is nothing to widen it with";
}

TEST_F(BufferRing, GivesItsChunksBackWhenItEnds) {
  open(4);
  buffers_->refill();
  EXPECT_EQ(pool_->free_count(), kChunks - 4);
  buffers_.reset();
  EXPECT_EQ(pool_->free_count(), kChunks);
}

}  // namespace
}  // namespace ring_test
