// StallDetector: tells when a core does not come to the end of its turn: which one, in which phase, for how long, and where in the
// code.
//
// One handler that computes, blocks or loops stops every connection of its core, and nothing of it shows but latency. A thread of
// its own looks at all cores' turn counters a few times per limit; a core whose turn has lasted longer than the limit gets a signal,
// notes its call stack, and goes on. The stack is given names here, not in the signal handler. At most one report per core and ten
// seconds; the others are counted.
//
//   corering: warning: core 1 has been in dispatch for 120 ms
//     #0 kv::Session::on_data at session.cc:88
//     ...
//   corering: warning: core 1 goes on after 340 ms
//
// A core that waits for events is not stalled, however long, and neither is one that gets no CPU: see runnable_ns of CoreLoad.
//
// Thread: start, stop: one without a core. Lifetime: the cores outlive it. Cost: for a core, one plain store per phase; the watcher
// wakes four times per limit and makes one system call per core. Names need symbols: a stripped program gives addresses.
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "corering/base/clock.h"
#include "corering/base/result.h"
#include "corering/metrics/registry.h"
#include "corering/runtime/core.h"
#include "corering/sys/thread.h"

namespace corering::runtime {

class StallDetector {
 public:
  // Sent to stalled threads; the process must not use it for anything else.
  static int signal_number() noexcept { return SIGRTMIN + 3; }

  static constexpr base::Duration kReportPause = std::chrono::seconds(10);  // between two reports of a core

  struct Options {
    base::Duration limit = std::chrono::milliseconds(100);
    std::function<void(const std::string& report)> report;  // called by the watcher; empty: a warning in the log
  };

  // Watches from now on. Registers its counters. Errors: as sys::Thread::start; system if the signal's handler cannot be set.
  static base::Result<std::unique_ptr<StallDetector>> start(Options options, const std::vector<Core*>& cores,
                                                            metrics::Registry& registry);

  StallDetector(const StallDetector&) = delete;
  StallDetector& operator=(const StallDetector&) = delete;
  ~StallDetector();  // stops watching

 private:
  struct Watched {
    Core* core = nullptr;
    std::uint64_t turns = 0;  // when it was last seen to move
    base::Instant since;
    std::uint64_t cpu_ns = 0;  // at that time
    base::Instant reported{INT64_MIN / 2};
    bool is_stalled = false;
    bool is_told = false;  // of this stall
  };

  StallDetector(Options options, const std::vector<Core*>& cores, metrics::Registry& registry);
  void watch();
  bool is_without_cpu(const Watched& watched) const noexcept;
  void look_at(Watched& watched, base::Instant now);
  void on_stalled(Watched& watched, base::Instant now);
  void on_moved(Watched& watched, base::Instant now);
  void tell(const std::string& report) const;

  const Options options_;
  std::vector<Watched> watched_;
  metrics::Counter stalls_;
  metrics::Counter stalled_ns_;
  std::binary_semaphore stop_{0};
  sys::Thread thread_;
};

}  // namespace corering::runtime
