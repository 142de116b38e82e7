// The steady state, counted from inside: a hundred thousand echoed messages without one heap allocation, and one enter per turn.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "corering/mem/heap.h"
#include "corering/net/coroutine_session.h"
#include "corering/net/endpoint.h"
#include "corering/net/server.h"
#include "corering/runtime/runtime.h"
#include "echo/echo.h"

namespace {

// Counted on the core's thread only, and only between warm-up and the last message.
thread_local bool counting = false;
std::atomic<std::uint64_t> allocations{0};
std::atomic<std::uint64_t> core_heap_allocations{0};  // what pools took from the core's own heap meanwhile

void count_allocation() {
  if (counting) allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// Every way to the heap of glibc leads through these; operator new calls malloc.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  count_allocation();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  count_allocation();
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, std::size_t bytes) {
  count_allocation();
  return __libc_realloc(old, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count_allocation();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** made, std::size_t alignment, std::size_t bytes) {
  count_allocation();
  *made = __libc_memalign(alignment, bytes);
  return *made == nullptr ? ENOMEM : 0;
}
}

namespace {

using namespace corering;

constexpr std::uint64_t kWarmUpMessages = 1'000;
constexpr std::uint64_t kCountedMessages = 100'000;
constexpr int kConnections = 4;

std::atomic<std::uint64_t> messages{0};

// Called on the core's thread for each message.
void message_seen() {
  const std::uint64_t seen = messages.fetch_add(1, std::memory_order_relaxed) + 1;
  if (seen == kWarmUpMessages) {
    counting = true;
    core_heap_allocations = mem::Heap::of_this_thread().allocation_count();
  }
  if (seen == kWarmUpMessages + kCountedMessages) {
    counting = false;
    core_heap_allocations = mem::Heap::of_this_thread().allocation_count() - core_heap_allocations;
  }
}

class CountedSession final : public net::Session {
 public:
  void on_data(net::Connection& connection) override {
    message_seen();
    echo_.on_data(connection);
  }

 private:
  echo::EchoSession echo_;
};

sched::Task<> counted_echo(net::Connection& connection) {
  for (;;) {
    net::Slice slice = co_await connection.receive();
    if (!slice) co_return;
    message_seen();
    co_await connection.send_with_backpressure(std::move(slice));
  }
}

void exchange_messages(const sys::SocketAddress& address) {
  const sys::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.value(), address.data(), address.bytes()), 0);
  std::array<char, 64> text{};
  text.fill('m');
  while (messages < kWarmUpMessages + kCountedMessages) {
    ASSERT_EQ(::send(client.value(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    ASSERT_EQ(::recv(client.value(), text.data(), text.size(), MSG_WAITALL), static_cast<ssize_t>(text.size()));
  }
}

class SteadyState : public ::testing::TestWithParam<bool> {};

TEST_P(SteadyState, AllocatesNothingAndEntersOncePerTurn) {
  messages = 0;
  allocations = 0;
  runtime::Options options;
  options.cores = 1;
  auto endpoint = net::Endpoint::claim(*sys::SocketAddress::parse_ip("127.0.0.1", 0), 1);
  ASSERT_TRUE(endpoint);
  auto started =
      runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::io_uring),
                              [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                std::unique_ptr<net::SessionFactory> sessions;
                                if (GetParam()) {
                                  sessions = std::make_unique<net::CoroutineSessions>(&counted_echo, 100);
                                } else {
                                  sessions = std::make_unique<net::SharedSession<CountedSession>>();
                                }
                                return std::make_unique<net::Server>(core, std::vector<int>{endpoint->take(0)},
                                                                     net::Limits{.connections_max = 100}, std::move(sessions));
                              });
  ASSERT_TRUE(started) << started.error().text;
  std::array<std::thread, kConnections> clients;
  for (std::thread& client : clients) client = std::thread([&] { exchange_messages(endpoint->address()); });
  for (std::thread& client : clients) client.join();
  (*started)->drain();
  (*started)->join();

  EXPECT_GE(messages, kWarmUpMessages + kCountedMessages);
  EXPECT_EQ(allocations, 0u);
  EXPECT_EQ(core_heap_allocations, 0u);
  const auto counters = (*started)->registry().snapshot();
  const auto value = [&](const char* name) { return metrics::value_of(counters, name); };
  EXPECT_EQ(value("extra_enters"), 0u);
  // The last turn ends the loop instead of entering.
  EXPECT_EQ(value("enters") + 1, value("turns"));
  // The core's heap is what its pools were filled from: a slice and a connection, at least.
  EXPECT_GT(value("heap_net_allocations"), 0u);
  EXPECT_GT(value("pool_slices_borrows"), kCountedMessages);
  EXPECT_LT(value("pool_slices_misses"), 100u);
  EXPECT_EQ(value("copied_bytes"), 0u);
  EXPECT_EQ(value("sent_bytes"), value("received_bytes"));
}

INSTANTIATE_TEST_SUITE_P(Handlers, SteadyState, ::testing::Bool(),
                         [](const auto& handler) { return handler.param ? "coroutine" : "session"; });

// The counter counts: without this, zero would prove nothing.
TEST(AllocationCounter, SeesTheHeap) {
  allocations = 0;
  counting = true;
  auto* text = new std::string(1000, 'x');
  counting = false;
  delete text;
  EXPECT_EQ(allocations, 2u);
}

}  // namespace
