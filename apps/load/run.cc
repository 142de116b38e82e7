#include "load/run.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <memory>
#include <string>

#include "corering/base/error.h"
#include "corering/runtime/backend_choice.h"
#include "corering/runtime/runtime.h"
#include "corering/sys/limits.h"
#include "corering/sys/process_usage.h"
#include "corering/sys/signals.h"
#include "load/generator.h"
#include "load/progress.h"
#include "load/server_usage.h"

namespace load {

using namespace corering;

namespace {

constexpr base::Duration kLook = std::chrono::milliseconds(20);  // between two looks at the cores
constexpr base::Duration kStartPatience = std::chrono::seconds(1);

base::Instant now() { return base::SteadyClock().now(); }

Usage own_usage() {
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {.user_seconds = seconds(own.ru_utime),
          .system_seconds = seconds(own.ru_stime),
          .resident_bytes = static_cast<std::uint64_t>(own.ru_maxrss) * 1024};
}

Usage minus(const Usage& later, const Usage& earlier) {
  return {later.user_seconds - earlier.user_seconds, later.system_seconds - earlier.system_seconds,
          later.run_seconds - earlier.run_seconds, later.resident_bytes};
}

// What all cores have counted so far.
struct Totals {
  std::uint64_t replies = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t connects = 0;
};

// Everything that a run holds, and its phases in the order in which they happen.
class Run {
 public:
  explicit Run(const Options& options) : options_(options), dataset_(options) {}

  base::Result<Report> go() {
    if (auto started = start(); !started) return base::failure(std::move(started.error()));
    auto connected = await_ready();
    if (connected) await_window();
    runtime_->drain();
    runtime_->join();
    if (!connected) return base::failure(std::move(connected.error()));
    report();
    return std::move(report_);
  }

 private:
  base::Result<> start() {
    if (auto files = sys::require_open_files(options_.connections + 64); !files) return files;
    auto runtime = runtime::Runtime::start(options_.runtime, runtime::backend_factory(runtime::BackendChoice::automatic),
                                           [this](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                             measures_.emplace_back();
                                             return std::make_unique<Generator>(core, options_, dataset_, share_of(core.id().value),
                                                                                schedule_, measures_.back());
                                           });
    if (!runtime) return base::failure(std::move(runtime.error()));
    runtime_ = std::move(*runtime);
    return {};
  }

  Share share_of(std::uint32_t core) const {
    const std::uint32_t cores = options_.runtime.cores;
    // The first ones take what is left over.
    const auto part = [&](std::uint64_t whole) { return whole / cores + (core < whole % cores ? 1 : 0); };
    Share share;
    share.connections = static_cast<std::uint32_t>(part(options_.connections));
    share.requests = options_.requests == 0 ? 0 : std::max<std::uint64_t>(part(options_.requests), 1);
    if (options_.fill) {
      share.keys_begin = options_.keys.count * core / cores;
      share.keys_end = options_.keys.count * (core + 1) / cores;
    }
    if (options_.pacing == Pacing::open) {
      const double between_ns = 1e9 / options_.rate;
      share.interval = base::Duration(std::max<std::int64_t>(static_cast<std::int64_t>(between_ns * cores), 1));
      share.offset = base::Duration(static_cast<std::int64_t>(between_ns * core));
    }
    return share;
  }

  // Until every core is connected and has filled its keys.
  base::Result<> await_ready() {
    const base::Instant begin = now();
    while (schedule_.ready_cores() < options_.runtime.cores && !stopped_) {
      look();
      if (totals().connects != 0 || schedule_.connect_error() == 0 || now() - begin < kStartPatience) continue;
      return base::failure(base::os_error(schedule_.connect_error(), "cannot connect to " + options_.address.text()));
    }
    schedule_.begin(now() + std::chrono::milliseconds(10), options_.warmup, options_.duration);
    return {};
  }

  void await_window() {
    while (now() < schedule_.window_begin() && !stopped_) look();
    const base::Instant begin = now();
    const Totals before = totals();
    const Usage own_before = own_usage();
    const Usage server_before = server_usage(options_.server_pid);
    const sys::ProcessUsage machine_before = sys::process_usage();
    const auto is_over = [&] { return stopped_ || now() >= schedule_.window_end() || is_done(); };
    while (!is_over()) look();
    const Totals after = totals();
    report_.own = minus(own_usage(), own_before);
    report_.server = minus(server_usage(options_.server_pid), server_before);
    const sys::ProcessUsage machine = sys::process_usage();
    report_.window_seconds = static_cast<double>((std::min(now(), schedule_.window_end()) - begin).count()) / 1e9;
    report_.window_replies = after.replies - before.replies;
    report_.window_sent_bytes = after.sent_bytes - before.sent_bytes;
    report_.window_received_bytes = after.received_bytes - before.received_bytes;
    report_.window_connects = after.connects - before.connects;
    report_.disk_bytes =
        machine.disk_read_bytes + machine.disk_written_bytes - machine_before.disk_read_bytes - machine_before.disk_written_bytes;
    report_.network_bytes = machine.network_received_bytes + machine.network_sent_bytes - machine_before.network_received_bytes -
                            machine_before.network_sent_bytes;
    // Replies that are still due: a server that has stopped answering must not hide behind the end.
    const base::Instant limit = now() + options_.timeout * 2 + std::chrono::seconds(1);
    while (!is_done() && !stopped_ && now() < limit) look();
    progress_.end();
  }

  bool is_done() const { return schedule_.done_cores() == options_.runtime.cores; }

  // Waits a moment; obeys signals and shows how far it is.
  void look() {
    const auto signal = sys::wait_for_signal({SIGTERM, SIGINT}, kLook);
    if (signal) {
      stopped_ = true;
      schedule_.end_now(now());
    }
    progress_.show(now(), totals().replies, now() >= schedule_.window_begin());
  }

  Totals totals() const {
    Totals all;
    for (const Measures& core : measures_) {
      all.replies += core.replies.value();
      all.sent_bytes += core.sent_bytes.value();
      all.received_bytes += core.received_bytes.value();
      all.connects += core.connects.value();
    }
    return all;
  }

  void report() {
    report_.options = &options_;
    for (const Measures& core : measures_) {
      report_.get_latency.add(core.get_ns);
      report_.set_latency.add(core.set_ns);
      report_.connect_latency.add(core.connect_ns);
      report_.misses += core.misses.value();
      report_.error_replies += core.error_replies.value();
      report_.wrong_values += core.wrong_values.value();
      report_.malformed += core.malformed.value();
      report_.timed_out += core.timed_out.value();
      report_.lost += core.lost.value();
      report_.unsent += core.unsent.value();
      report_.connects += core.connects.value();
      report_.connect_failures += core.connect_failures.value();
      report_.connections_lost += core.connections_lost.value();
    }
    report_.latency.add(report_.get_latency);
    report_.latency.add(report_.set_latency);
    report_.peak_requests_per_second =
        std::max(progress_.peak_per_second(), static_cast<std::uint64_t>(report_.requests_per_second()));
    report_.targets = judge(options_.targets, report_);
  }

  const Options& options_;
  const Dataset dataset_;
  Schedule schedule_;
  std::deque<Measures> measures_;  // one per core; immovable
  std::unique_ptr<runtime::Runtime> runtime_;
  Progress progress_;
  Report report_;
  bool stopped_ = false;
};

}  // namespace

base::Result<Report> run(const Options& options) {
  sys::block_signals({SIGTERM, SIGINT});
  return Run(options).go();
}

}  // namespace load
