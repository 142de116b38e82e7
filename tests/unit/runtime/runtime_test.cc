// Whole runtimes on the real kernel: start, messages between cores, drain, abort, and what start refuses.
#include "corering/runtime/runtime.h"

#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "corering/sys/cpu.h"

#include "corering/sched/offload.h"

namespace runtime_test {
namespace {

using namespace corering;
using runtime::Core;
using runtime::CoreId;
using runtime::Message;

// Busy until it is told to drain, or longer.
class TestService : public runtime::Service {
 public:
  explicit TestService(Core& core) : core_(core) {}

  void start() override {}
  void drain() override { drained = true; }
  void abort() override { aborted = true; }
  bool is_idle() const override { return (drained && !stays_busy) || aborted; }

  Core& core_;
  bool drained = false;
  bool aborted = false;
  bool stays_busy = false;
};

template <typename ServiceType>
runtime::ServiceFactory factory(std::vector<ServiceType*>& made) {
  return [&made](Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
    auto service = std::make_unique<ServiceType>(core);
    made.push_back(service.get());
    return service;
  };
}

runtime::Options small(std::uint32_t cores) {
  runtime::Options options;
  options.cores = cores;
  options.chunks = {.chunk_bytes = 1024, .chunk_count = 16};
  return options;
}

const runtime::BackendFactory kBackends = runtime::backend_factory(runtime::BackendChoice::automatic);

// On a machine with several nodes, what a core touches when it is made lies where it was made.
TEST(Runtime, APinnedCoreIsMadeOnItsOwnCpu) {
  const std::vector<int> allowed = sys::allowed_cpus().value();
  std::vector<int> made_on;
  const runtime::BackendFactory backends = [&] {
    made_on.push_back(::sched_getcpu());
    return kBackends();
  };
  runtime::Options options = small(static_cast<std::uint32_t>(allowed.size()));
  options.pinning = runtime::Pinning::one_cpu_each;
  std::vector<TestService*> services;
  auto started = runtime::Runtime::start(options, backends, factory(services));
  ASSERT_TRUE(started) << started.error().text;
  EXPECT_EQ(made_on, allowed);
  EXPECT_EQ(sys::allowed_cpus().value(), allowed) << "the starting thread is where it was";
}

// Pages of a pinned core's arena come from the node of its CPU, whoever touches them; else from the node of who touches them first.
TEST(Runtime, TheArenaOfAPinnedCorePrefersItsNode) {
  for (const auto pinning : {runtime::Pinning::one_cpu_each, runtime::Pinning::free}) {
    runtime::Options options = small(1);
    options.pinning = pinning;
    options.service_memory_bytes = std::size_t{64} << 20;
    std::vector<TestService*> services;
    auto started = runtime::Runtime::start(options, kBackends, factory(services));
    ASSERT_TRUE(started) << started.error().text;
    const sys::CpuVisit visit(sys::allowed_cpus().value().front());
    for (const base::MutableBytes part : {services[0]->core_.arena().bytes(), services[0]->core_.service_memory().bytes}) {
      int mode = -1;
      std::array<unsigned long, 16> nodes{};
      if (::syscall(SYS_get_mempolicy, &mode, nodes.data(), 8 * sizeof nodes, part.data(), MPOL_F_ADDR) != 0)
        GTEST_SKIP() << "get_mempolicy is not allowed here";
      EXPECT_EQ(mode, pinning == runtime::Pinning::free ? MPOL_DEFAULT : MPOL_PREFERRED);
      if (mode != MPOL_PREFERRED) continue;
      const unsigned node = sys::node_of_this_cpu().value();
      EXPECT_TRUE(nodes[node / 64] >> node % 64 & 1) << node;
    }
  }
}

// Whoever touches it is the core's thread: nothing of it is there before the service takes some.
TEST(Runtime, ServiceMemoryIsNotTouchedBeforeItsUse) {
  runtime::Options options = small(2);
  options.service_memory_bytes = std::size_t{1} << 30;
  std::vector<TestService*> services;
  auto started = runtime::Runtime::start(options, kBackends, factory(services));
  ASSERT_TRUE(started) << started.error().text;
  for (TestService* service : services) {
    const mem::LentMemory memory = service->core_.service_memory();
    ASSERT_EQ(memory.bytes.size(), options.service_memory_bytes);
    EXPECT_FALSE(memory.holder->holds(memory.bytes)) << "registered when it is first sent";
    std::vector<unsigned char> residence(memory.bytes.size() / 4096);
    ASSERT_EQ(::mincore(memory.bytes.data(), memory.bytes.size(), residence.data()), 0);
    EXPECT_TRUE(std::ranges::none_of(residence, [](unsigned char page) { return (page & 1) != 0; }));
  }
}

TEST(Runtime, StartsAndDrainsEveryCore) {
  std::vector<TestService*> services;
  auto started = runtime::Runtime::start(small(3), kBackends, factory(services));
  ASSERT_TRUE(started) << started.error().text;
  EXPECT_EQ((*started)->cores(), 3u);
  EXPECT_FALSE((*started)->has_stopped());
  (*started)->drain();
  (*started)->join();
  EXPECT_TRUE((*started)->has_stopped());
  for (const TestService* service : services) EXPECT_TRUE(service->drained);
}

TEST(Runtime, TheDrainTimeoutAborts) {
  struct Stubborn : TestService {
    explicit Stubborn(Core& core) : TestService(core) { stays_busy = true; }
  };
  std::vector<Stubborn*> services;
  runtime::Options options = small(2);
  options.drain_timeout = std::chrono::milliseconds(20);
  auto started = runtime::Runtime::start(options, kBackends, factory(services));
  ASSERT_TRUE(started);
  (*started)->drain();
  (*started)->join();
  for (const Stubborn* service : services) EXPECT_TRUE(service->aborted);
}

TEST(Runtime, ItsEndAbortsWhatStillRuns) {
  std::vector<TestService*> services;
  auto started = runtime::Runtime::start(small(2), kBackends, factory(services));
  ASSERT_TRUE(started);
  started->reset();
}

TEST(Runtime, AFailingServiceIsAnErrorAndNothingRuns) {
  const runtime::ServiceFactory refuse = [](Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
    if (core.id().value == 1) return base::failure({base::ErrorCode::system, 0, "no"});
    return std::make_unique<TestService>(core);
  };
  const auto started = runtime::Runtime::start(small(2), kBackends, refuse);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "no");
}

// Some threads run and wait for the others when one more is refused: one error, and nothing hangs. In a child process, because the
// limit holds for the whole user, and root has none.
void exit_with_the_error_of_a_refused_core() {
  constexpr uid_t kUserWithOneThreadMore = 64'124;
  std::vector<TestService*> services;
  const rlimit two{2, 2};
  if (::geteuid() == 0 && ::setresuid(kUserWithOneThreadMore, kUserWithOneThreadMore, kUserWithOneThreadMore) != 0) std::_Exit(3);
  if (::setrlimit(RLIMIT_NPROC, &two) != 0) std::_Exit(4);
  const auto started = runtime::Runtime::start(small(4), kBackends, factory(services));
  if (started) std::_Exit(5);
  std::fputs(started.error().text.c_str(), stderr);
  std::_Exit(0);
}

TEST(RuntimeDeathTest, ARefusedThreadIsAnErrorAndNothingRuns) {
  EXPECT_EXIT(exit_with_the_error_of_a_refused_core(), ::testing::ExitedWithCode(0), "another thread.*ulimit -u");
}

// A token that travels round all cores, one hop per message: every hop finds the next core asleep and has to wake it.
struct Token {
  std::uint32_t hops_left;
  std::atomic<std::uint32_t>* done;
};

void pass_on(Core& here, const Message& message) {
  Token token = message.payload<Token>();
  if (token.hops_left == 0) {
    token.done->fetch_add(1);
    return;
  }
  --token.hops_left;
  const CoreId next{static_cast<std::uint16_t>((here.id().value + 1) % here.exchange().cores())};
  EXPECT_TRUE(here.try_post(next, Message(&pass_on, token)));
}

class TokenService : public TestService {
 public:
  using TestService::TestService;
  static inline std::atomic<std::uint32_t> done{0};
  static constexpr std::uint32_t kHops = 5000;

  void start() override {
    if (core_.id().value != 0) return;
    EXPECT_TRUE(core_.try_post(CoreId{1}, Message(&pass_on, Token{kHops, &done})));
  }
};

TEST(Runtime, MessagesReachSleepingCores) {
  TokenService::done = 0;
  std::vector<TokenService*> services;
  auto started = runtime::Runtime::start(small(2), kBackends, factory(services));
  ASSERT_TRUE(started);
  for (int wait = 0; wait < 3000 && TokenService::done == 0; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(TokenService::done, 1u) << "a wake-up was lost";
  (*started)->drain();
  (*started)->join();
  const auto counters = (*started)->registry().snapshot();
  EXPECT_EQ(metrics::value_of(counters, "messages_sent"), TokenService::kHops + 1);
  EXPECT_EQ(metrics::value_of(counters, "messages_received"), TokenService::kHops + 1);
  EXPECT_GT(metrics::value_of(counters, "wakes"), 0u);
}

// More messages in a turn than a mailbox holds: the rest is refused and counted, the accepted ones all arrive in order.
struct Numbered {
  std::uint32_t number;
  std::atomic<std::uint32_t>* expected;
};

void expect_in_order(Core&, const Message& message) {
  const auto numbered = message.payload<Numbered>();
  EXPECT_EQ(numbered.expected->fetch_add(1), numbered.number);
}

class FloodService : public TestService {
 public:
  using TestService::TestService;
  static inline std::atomic<std::uint32_t> arrived{0};
  static constexpr std::uint32_t kMessages = runtime::Mailbox::kCapacity + 10;

  void start() override {
    if (core_.id().value != 0) return;
    for (std::uint32_t number = 0; number < kMessages; ++number) {
      EXPECT_EQ(core_.try_post(CoreId{1}, Message(&expect_in_order, Numbered{number, &arrived})),
                number < runtime::Mailbox::kCapacity);
    }
  }
};

TEST(Runtime, AFullMailboxRefuses) {
  FloodService::arrived = 0;
  std::vector<FloodService*> services;
  auto started = runtime::Runtime::start(small(2), kBackends, factory(services));
  ASSERT_TRUE(started);
  for (int wait = 0; wait < 3000 && FloodService::arrived < runtime::Mailbox::kCapacity; ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  (*started)->drain();
  (*started)->join();
  EXPECT_EQ(FloodService::arrived, runtime::Mailbox::kCapacity);
  EXPECT_EQ(metrics::value_of((*started)->registry().snapshot(), "messages_refused"), 10u);
}

// Makes one blocking call and is idle when it has heard of it.
class Asking : public TestService {
 public:
  explicit Asking(Core& core) : TestService(core) {}

  void start() override { ASSERT_TRUE(offload.start(core_.offloads(), call)); }
  bool is_idle() const override { return heard; }
  void on_answer(base::Result<void> answer) {
    heard = true;
    failed = !answer;
  }

  std::function<void()> call;
  bool heard = false;
  bool failed = false;
  sched::Offload<void> offload = sched::Offload<void>::to<&Asking::on_answer>(this);
};

base::Result<std::unique_ptr<runtime::Runtime>> start_asking(const runtime::Options& options, std::vector<Asking*>& services,
                                                             const std::function<void()>& call) {
  return runtime::Runtime::start(options, kBackends, [&](Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
    auto service = std::make_unique<Asking>(core);
    service->call = call;
    services.push_back(service.get());
    return service;
  });
}

TEST(Runtime, ABlockingCallWakesTheCoreThatAskedAndDrainWaitsForIt) {
  std::vector<Asking*> services;
  auto started = start_asking(small(3), services, [] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); });
  ASSERT_TRUE(started) << started.error().text;
  (*started)->drain();
  (*started)->join();
  for (const Asking* service : services) EXPECT_TRUE(service->heard && !service->failed && !service->aborted);
  EXPECT_TRUE((*started)->offload_report().is_clean());
  EXPECT_EQ(metrics::value_of((*started)->registry().snapshot(), "offloads_returned"), 3u);
}

TEST(Runtime, ABlockingCallThatDoesNotReturnIsLeftBehindAndReported) {
  struct Door {
    std::atomic<bool> open{false};
  };
  const auto door = std::make_shared<Door>();
  std::vector<Asking*> services;
  runtime::Options options = small(1);
  options.drain_timeout = std::chrono::milliseconds(20);
  auto started = start_asking(options, services, [door] {
    while (!door->open) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  ASSERT_TRUE(started) << started.error().text;
  (*started)->drain();
  (*started)->join();
  EXPECT_TRUE(services[0]->failed);
  EXPECT_EQ((*started)->offload_report().abandoned_running, 1u);
  door->open = true;
}

}  // namespace
}  // namespace runtime_test
