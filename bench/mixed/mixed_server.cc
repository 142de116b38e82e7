// mixed_server: an echo server whose cores also compute, all the time: what does the computing do to the echoes?
//
//   mixed_server --work=none|low|flat|bare [--piece_us=20] [--job_us=2000] [--cores=2]
//
// Every core keeps kJobs jobs under way, each a stealable task of `job_us` of computing. low: in pieces of `piece_us` with a
// checkpoint after each, at Priority::low. flat: the same at the priority of the echoes. bare: at that priority and in one piece.
// The echoes are coroutines of normal priority. Prints "listening on 127.0.0.1:PORT", and at SIGTERM how many jobs it has done.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "corering/net/coroutine_session.h"
#include "corering/net/endpoint.h"
#include "corering/net/server.h"
#include "corering/runtime/runtime.h"
#include "corering/sched/scheduler.h"
#include "corering/sched/yield.h"
#include "corering/sys/signals.h"

namespace {

using namespace corering;

constexpr int kJobs = 4;  // under way on each core

enum class Work : std::uint8_t { none, low, flat, bare };

struct Options {
  Work work = Work::none;
  std::uint64_t piece_us = 20;
  std::uint64_t job_us = 2000;
  std::uint32_t cores = 2;
};

// One microsecond of computing takes so many rounds, found by trying: the work is the same in all modes, disturbed or not.
std::uint64_t rounds_per_us = 1;
std::atomic<std::uint64_t> jobs_done{0};

void compute(std::uint64_t rounds) {
  std::uint64_t state = 88172645463325252ULL;
  for (; rounds > 0; --rounds) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    asm volatile("" : "+r"(state));  // keeps the loop
  }
}

void calibrate() {
  const base::SteadyClock clock;
  constexpr std::uint64_t kRounds = 20'000'000;
  const base::Instant start = clock.now();
  compute(kRounds);
  const auto taken_us = static_cast<std::uint64_t>((clock.now() - start).count()) / 1'000;
  rounds_per_us = kRounds / std::max<std::uint64_t>(taken_us, 1);
}

sched::Task<> job(const Options& options) {
  const bool in_one_piece = options.work == Work::bare;
  const std::uint64_t piece_us = in_one_piece ? options.job_us : options.piece_us;
  for (std::uint64_t done_us = 0; done_us < options.job_us; done_us += piece_us) {
    compute(piece_us * rounds_per_us);
    if (in_one_piece) break;
    const bool goes_on = co_await sched::checkpoint();
    if (!goes_on) co_return;
  }
  jobs_done.fetch_add(1, std::memory_order_relaxed);
}

// Pinned: as soon as one job has come home, the next one is given out.
sched::Task<> employer(const Options& options, sched::Priority priority) {
  const sched::TaskContext& here = co_await sched::this_task();
  while (!here.is_cancelled()) {
    auto handle = sched::spawn_stealable(job(options), {.priority = priority});
    const auto outcome = co_await handle.join();
    if (!outcome) co_return;
  }
}

sched::Task<> echo(net::Connection& connection) {
  for (;;) {
    net::Slice slice = co_await connection.receive();
    if (!slice) co_return;
    co_await connection.send_with_backpressure(std::move(slice));
  }
}

class MixedService final : public runtime::Service {
 public:
  MixedService(runtime::Core& core, int listener, const Options& options)
      : options_(options),
        server_(core, {listener}, kLimits, std::make_unique<net::CoroutineSessions>(&echo, kLimits.connections_max)) {}

  void start() override {
    server_.start();
    if (options_.work == Work::none) return;
    const sched::Priority priority = options_.work == Work::low ? sched::Priority::low : sched::Priority::normal;
    for (int count = 0; count < kJobs; ++count) sched::spawn(employer(options_, priority), {.priority = priority}).detach();
  }
  void drain() override { server_.drain(); }
  void abort() override { server_.abort(); }
  bool is_idle() const override { return server_.is_idle(); }
  void end() override { server_.end(); }

 private:
  static constexpr net::Limits kLimits{};

  const Options& options_;
  net::Server server_;
};

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "mixed_server: %s\n", what.c_str());
  std::exit(2);
}

Options parse(int argc, char** argv) {
  const std::map<std::string, Work> works{{"none", Work::none}, {"low", Work::low}, {"flat", Work::flat}, {"bare", Work::bare}};
  Options options;
  for (int index = 1; index < argc; ++index) {
    const std::string text = argv[index];
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    const auto number = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "--work" && works.contains(value)) {
      options.work = works.at(value);
    } else if (name == "--piece_us" && number != 0) {
      options.piece_us = number;
    } else if (name == "--job_us" && number != 0) {
      options.job_us = number;
    } else if (name == "--cores" && number != 0) {
      options.cores = static_cast<std::uint32_t>(number);
    } else {
      refuse("found " + text + ", need --work=none|low|flat|bare, --piece_us=N, --job_us=N or --cores=N");
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  calibrate();
  sys::block_signals({SIGTERM, SIGINT});
  const auto address = sys::SocketAddress::parse_ip("127.0.0.1", 0);
  if (!address) refuse(address.error().text);
  auto endpoint = net::Endpoint::claim(*address, options.cores, {});
  if (!endpoint) refuse(endpoint.error().text);
  runtime::Options layout;
  layout.cores = options.cores;
  layout.pinning = runtime::Pinning::one_cpu_each;
  auto started = runtime::Runtime::start(layout, runtime::backend_factory(runtime::BackendChoice::automatic),
                                         [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                           return std::make_unique<MixedService>(core, endpoint->take(core.id().value), options);
                                         });
  if (!started) refuse(started.error().text);
  std::printf("listening on %s\n", endpoint->address().text().c_str());
  std::fflush(stdout);
  const base::SteadyClock clock;
  const base::Instant start = clock.now();
  while (!sys::wait_for_signal({SIGTERM, SIGINT}, std::chrono::hours(1))) {
  }
  const double seconds = static_cast<double>((clock.now() - start).count()) / 1e9;
  const std::uint64_t jobs = jobs_done.load();
  (*started)->drain();
  (*started)->join();
  std::printf("jobs per second: %.1f\n", static_cast<double>(jobs) / seconds);
  return 0;
}
