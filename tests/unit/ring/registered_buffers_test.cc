#include "corering/ring/registered_buffers.h"

#include "corering/mem/mapping.h"
#include "real_ring.h"

namespace ring_test {
namespace {

class RegisteredBuffers : public RealRing {};

TEST_F(RegisteredBuffers, KnowsWhichBufferHoldsAPlace) {
  auto first = mem::Mapping::open(1 << 16);
  auto second = mem::Mapping::open(1 << 16);
  const std::vector<base::MutableBytes> regions{first->bytes(), second->bytes()};
  const ring::RegisteredBuffers buffers(ring(), regions);
  EXPECT_EQ(buffers.bytes_registered(), std::size_t{1} << 17);
  EXPECT_EQ(buffers.index_of(first->bytes().subspan(100, 50)), 0);
  EXPECT_EQ(buffers.index_of(second->bytes()), 1);
  const std::vector<std::byte> elsewhere(10);
  EXPECT_EQ(buffers.index_of(elsewhere), std::nullopt);
}

TEST_F(RegisteredBuffers, ServesAZeroCopySend) {
  auto memory = mem::Mapping::open(1 << 16);
  const std::vector<base::MutableBytes> regions{memory->bytes()};
  const ring::RegisteredBuffers buffers(ring(), regions);
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

// A region that the kernel does not take leaves the ones before it registered.
TEST_F(RegisteredBuffers, RegistersTheLongestPrefixThatWorks) {
  auto good = mem::Mapping::open(1 << 16);
  const base::MutableBytes bad(reinterpret_cast<std::byte*>(16), 4096);
  const std::vector<base::MutableBytes> regions{good->bytes(), bad};
  const ring::RegisteredBuffers buffers(ring(), regions);
  EXPECT_EQ(buffers.bytes_registered(), std::size_t{1} << 16);
}

}  // namespace
}  // namespace ring_test
