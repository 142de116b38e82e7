#include "corering/ring/registered_buffers.h"

#include "corering/mem/mapping.h"
#include "real_ring.h"

namespace ring_test {
namespace {

class RegisteredBuffers : public RealRing {};

constexpr std::size_t kPiece = ring::RegisteredBuffers::kPieceBytes;

// Piece by piece, each when it is first asked for.
TEST_F(RegisteredBuffers, RegistersWhatIsAskedFor) {
  auto arena = mem::Mapping::open(3 * kPiece);
  ring::RegisteredBuffers buffers(ring(), arena->bytes());
  EXPECT_EQ(buffers.registered_bytes(), 0u);
  EXPECT_EQ(buffers.index_of(arena->bytes().subspan(2 * kPiece + 100, 50)), 0);
  EXPECT_EQ(buffers.index_of(arena->bytes().subspan(2 * kPiece, kPiece)), 0);
  EXPECT_EQ(buffers.registered_bytes(), kPiece);
  EXPECT_EQ(buffers.index_of(arena->bytes().first(1)), 1);
  EXPECT_EQ(buffers.registered_bytes(), 2 * kPiece);
}

// Whoever wants to give pages back to the machine asks before.
TEST_F(RegisteredBuffers, HoldsWhatItHasRegistered) {
  auto arena = mem::Mapping::open(3 * kPiece);
  ring::RegisteredBuffers buffers(ring(), arena->bytes());
  EXPECT_FALSE(buffers.holds(arena->bytes()));
  ASSERT_TRUE(buffers.index_of(arena->bytes().subspan(kPiece, 1)));
  EXPECT_TRUE(buffers.holds(arena->bytes()));
  EXPECT_TRUE(buffers.holds(arena->bytes().subspan(2 * kPiece - 1, 2)));
  EXPECT_FALSE(buffers.holds(arena->bytes().first(kPiece)));
  EXPECT_FALSE(buffers.holds(arena->bytes().subspan(2 * kPiece)));
  EXPECT_FALSE(buffers.holds({}));
}

// The kernel takes 16,384 buffers per ring; an arena of more pieces is registered as far as that goes.
TEST_F(RegisteredBuffers, AnArenaOfMorePiecesThanTheKernelTakes) {
  constexpr std::size_t kPieces = ring::RegisteredBuffers::kBuffersMax + 8;
  auto arena = mem::Mapping::open_huge({.bytes = kPiece, .further_bytes = (kPieces - 1) * kPiece});
  ASSERT_TRUE(arena) << arena.error().text;
  ring::RegisteredBuffers buffers(ring(), arena->bytes());
  EXPECT_EQ(buffers.index_of(arena->bytes().last(100)), 0);
  EXPECT_EQ(buffers.index_of(arena->bytes().first(100)), 1);
  EXPECT_EQ(buffers.registered_bytes(), 2 * kPiece);
}

TEST_F(RegisteredBuffers, LeavesOutWhatNoPieceHolds) {
  auto arena = mem::Mapping::open(2 * kPiece);
  ring::RegisteredBuffers buffers(ring(), arena->bytes());
  const std::vector<std::byte> elsewhere(10);
  EXPECT_EQ(buffers.index_of(elsewhere), std::nullopt);
  EXPECT_EQ(buffers.index_of(arena->bytes().subspan(kPiece - 1, 2)), std::nullopt) << "it crosses from one piece to the next";
  EXPECT_EQ(buffers.index_of({}), std::nullopt);
  EXPECT_EQ(buffers.registered_bytes(), 0u);
}

TEST_F(RegisteredBuffers, ServesAZeroCopySend) {
  auto memory = mem::Mapping::open(1 << 16);
  ring::RegisteredBuffers buffers(ring(), memory->bytes());
  SocketPair pair(AF_INET);
  const base::MutableBytes bytes = memory->bytes().subspan(4096, 8192);
  for (std::size_t index = 0; index < bytes.size(); ++index) bytes[index] = static_cast<std::byte>(index);
  Recorder send;
  ring::prepare_send_zero_copy_fixed(ring().require_sqe(send.completion), file(pair.fds[0]), bytes, *buffers.index_of(bytes),
                                     ring::UsageReport::without);
  turn_until([&] { return !send.results.empty(); });
  EXPECT_EQ(send.results[0].value, 8192);
  std::vector<std::byte> got(8192);
  std::size_t done = 0;
  while (done < got.size()) done += static_cast<std::size_t>(::read(pair.fds[1], got.data() + done, got.size() - done));
  EXPECT_TRUE(std::equal(got.begin(), got.end(), bytes.begin()));
  finish(send);
}

// Memory that the kernel does not take is used unregistered; it is asked once.
TEST_F(RegisteredBuffers, WorksWithoutWhatTheKernelRefuses) {
  const base::MutableBytes bad(reinterpret_cast<std::byte*>(std::uintptr_t{1} << 30), kPiece);
  ring::RegisteredBuffers buffers(ring(), bad);
  EXPECT_EQ(buffers.index_of(bad.first(100)), std::nullopt);
  EXPECT_EQ(buffers.index_of(bad.first(100)), std::nullopt);
  EXPECT_EQ(buffers.registered_bytes(), 0u);
  EXPECT_EQ(buffers.refused_bytes(), kPiece);
  EXPECT_FALSE(buffers.holds(bad));
}

}  // namespace
}  // namespace ring_test
