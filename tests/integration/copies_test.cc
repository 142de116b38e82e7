// Bytes copied in user space, counted twice: by the server's own metric, and by standing in for memcpy and memmove on the core's
// thread. CORERING_COPY_BYTES sets how much is echoed; the full form is 10 GiB (10737418240).

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "corering/net/coroutine_session.h"
#include "corering/net/endpoint.h"
#include "corering/net/server.h"
#include "corering/runtime/runtime.h"
#include "echo/echo.h"

namespace {

thread_local bool counting = false;
std::atomic<std::uint64_t> copied_bytes{0};
std::atomic<std::uint64_t> largest_copy{0};

void count_copy(std::size_t bytes) {
  if (!counting) return;
  copied_bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (bytes > largest_copy) largest_copy = bytes;
}

}  // namespace

// The linker sends every call of memcpy and memmove in this program, the library's included, here.
extern "C" {
void* __real_memcpy(void* to, const void* from, std::size_t bytes);
void* __real_memmove(void* to, const void* from, std::size_t bytes);
void* __wrap_memcpy(void* to, const void* from, std::size_t bytes);
void* __wrap_memmove(void* to, const void* from, std::size_t bytes);

void* __wrap_memcpy(void* to, const void* from, std::size_t bytes) {
  count_copy(bytes);
  return __real_memcpy(to, from, bytes);
}
void* __wrap_memmove(void* to, const void* from, std::size_t bytes) {
  count_copy(bytes);
  return __real_memmove(to, from, bytes);
}
}

namespace {

using namespace corering;

std::uint64_t bytes_to_echo() {
  const char* text = std::getenv("CORERING_COPY_BYTES");
  return text == nullptr ? std::uint64_t{1} << 30 : std::strtoull(text, nullptr, 10);
}

// An echo whose thread counts from its first byte on.
class CountedSession final : public net::Session {
 public:
  void on_data(net::Connection& connection) override {
    counting = true;
    echo_.on_data(connection);
  }

 private:
  echo::EchoSession echo_;
};

// Sends and receives at once, so that no buffer size matters; returns the bytes that came back as they were sent.
std::uint64_t exchange(const sys::SocketAddress& address, std::uint64_t bytes) {
  const sys::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(client.value(), address.data(), address.bytes()) != 0) return 0;
  // The pattern has a period of 1 MiB: what comes back shows its place in it.
  std::vector<std::uint64_t> pattern(1 << 17);
  for (std::size_t index = 0; index < pattern.size(); ++index) pattern[index] = index * 0x9e3779b97f4a7c15ULL;
  const std::size_t period = pattern.size() * sizeof(pattern[0]);
  std::thread sender([&] {
    for (std::uint64_t sent = 0; sent < bytes;) {
      const std::size_t start = sent % period;
      const auto* from = reinterpret_cast<const char*>(pattern.data()) + start;
      const ssize_t count = ::send(client.value(), from, std::min<std::uint64_t>(period - start, bytes - sent), MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::uint64_t>(count);
    }
    ::shutdown(client.value(), SHUT_WR);
  });
  std::vector<char> piece(256 << 10);
  std::uint64_t verified = 0;
  for (;;) {
    const std::size_t start = verified % period;
    const ssize_t count = ::recv(client.value(), piece.data(), std::min(piece.size(), period - start), 0);
    if (count <= 0) break;
    const auto* expected = reinterpret_cast<const char*>(pattern.data()) + start;
    if (std::memcmp(piece.data(), expected, static_cast<std::size_t>(count)) != 0) break;
    verified += static_cast<std::uint64_t>(count);
  }
  sender.join();
  return verified;
}

class Copies : public ::testing::TestWithParam<net::ZeroCopy> {};

TEST_P(Copies, AnEchoCopiesNothingInUserSpace) {
  copied_bytes = 0;
  largest_copy = 0;
  runtime::Options options;
  options.cores = 1;
  net::Limits limits{.connections_max = 10};
  limits.send_policy.zero_copy = GetParam();
  auto endpoint = net::Endpoint::claim(*sys::SocketAddress::parse_ip("127.0.0.1", 0), 1);
  ASSERT_TRUE(endpoint);
  auto started =
      runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::io_uring),
                              [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                return std::make_unique<net::Server>(core, std::vector<int>{endpoint->take(0)}, limits,
                                                                     std::make_unique<net::SharedSession<CountedSession>>());
                              });
  ASSERT_TRUE(started) << started.error().text;
  const std::uint64_t bytes = bytes_to_echo();
  EXPECT_EQ(exchange(endpoint->address(), bytes), bytes);
  (*started)->drain();
  (*started)->join();
  const auto counters = (*started)->registry().snapshot();
  EXPECT_EQ(metrics::value_of(counters, "sent_bytes"), bytes);
  EXPECT_EQ(metrics::value_of(counters, "copied_bytes"), 0u);
  EXPECT_EQ(metrics::value_of(counters, "chunks_home"), metrics::value_of(counters, "chunks_total"));
  std::printf("%llu bytes echoed; memcpy and memmove on the core's thread: %llu bytes, the largest %llu\n%s\n",
              static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(copied_bytes),
              static_cast<unsigned long long>(largest_copy), metrics::to_line(counters).c_str());
  EXPECT_EQ(copied_bytes, 0u);
}

constexpr const char* kModeNames[] = {"automatic", "always", "never"};

INSTANTIATE_TEST_SUITE_P(Modes, Copies, ::testing::Values(net::ZeroCopy::automatic, net::ZeroCopy::always, net::ZeroCopy::never),
                         [](const auto& mode) { return kModeNames[static_cast<std::size_t>(mode.param)]; });

// The counter counts: without this, zero would prove nothing.
TEST(CopyCounter, SeesWhatTheLibraryCopies) {
  auto pool = mem::ChunkPool::open({.chunk_bytes = 1024, .chunk_count = 2});
  ASSERT_TRUE(pool);
  {
    net::SlicePool slices(2, 0, 0);
    net::SliceQueue queue;
    mem::Chunk chunk = pool->try_borrow();
    const base::ByteView empty = chunk.bytes().first(0);
    queue.push_back(slices.make(std::move(chunk), empty));
    const std::vector<std::byte> bytes(700);
    copied_bytes = 0;
    counting = true;
    EXPECT_EQ(queue.append_to_last(bytes), 700u);
    counting = false;
    EXPECT_EQ(copied_bytes, 700u);
  }
}

}  // namespace
