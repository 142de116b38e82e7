// Runtime: all cores of a process: made, started together, drained together, joined.
//
//   auto runtime = Runtime::start(options, make_service);
//   ... wait for a signal ...
//   (*runtime)->drain();
//   (*runtime)->join();
//
// Rings and services of all cores are made first, on the calling thread, so that whatever the environment refuses is one Error
// and nothing has begun to serve; only when every core's thread has its ring enabled do the services start.
//
// Thread: start, join and the destructor: one thread, without a core; drain, abort, registry: any. Block the signals you wait for
// before start.
#pragma once

#include <barrier>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "corering/metrics/registry.h"
#include "corering/runtime/backend_choice.h"
#include "corering/runtime/core.h"
#include "corering/runtime/drain_barrier.h"
#include "corering/runtime/process_metrics.h"
#include "corering/runtime/service.h"
#include "corering/runtime/stall_detector.h"
#include "corering/sys/thread.h"

namespace corering::runtime {

class Runtime {
 public:
  // Returns when every core's ring works and its thread is about to start its service. Errors: as Core::open and the factory;
  // limit_too_low if the rings do not fit under RLIMIT_MEMLOCK.
  static base::Result<std::unique_ptr<Runtime>> start(const Options& options, const BackendFactory& make_backend,
                                                      const ServiceFactory& make_service);

  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();  // drains at once (abort) if it is still running, and joins

  // Every core stops taking work, answers what it has, and stops; after options.drain_timeout what is left is dropped.
  void drain() noexcept;

  // Drops everything now.
  void abort() noexcept;

  // What became of blocking calls that were under way when the cores had stopped. Requires: join has returned.
  const sched::OffloadReport& offload_report() const noexcept { return offload_report_; }

  // All cores have stopped: join returns at once. Thread: any.
  bool has_stopped() const noexcept { return stopped_count_.load(std::memory_order_acquire) == cores_.size(); }

  // Waits until all cores have stopped. Blocking calls that nobody waits for any more are given kOffloadPatience to return, and then
  // left behind: see offload_report.
  void join();
  static constexpr base::Duration kOffloadPatience = std::chrono::seconds(1);

  // Watches the cores from now on: see StallDetector. Once. Errors: as StallDetector::start.
  base::Result<> watch_for_stalls(StallDetector::Options options);

  const metrics::Registry& registry() const noexcept { return registry_; }

  // Brings up to date what only the kernel knows: load of the cores, process metrics. Thread: any that serves nobody.
  // Cost: some thirty system calls, about 0.2 ms.
  void sample();
  std::uint32_t cores() const noexcept { return static_cast<std::uint32_t>(cores_.size()); }
  std::string_view backend_name() const noexcept { return backend_name_; }
  mem::Pages arena_pages() const noexcept { return cores_.front().core->arena().pages(); }
  const std::string& warning() const noexcept { return warning_; }  // one line from the memlock preflight, or empty

 private:
  struct Place {
    std::unique_ptr<Core> core;
    std::unique_ptr<Service> service;
    sys::Thread thread;
    base::Result<> started;
  };

  explicit Runtime(const Options& options);
  base::Result<> make_places(const BackendFactory& make_backend, const ServiceFactory& make_service);
  base::Result<> start_threads();
  void run_place(Place& place, int cpu);
  void request(Core::Request request) noexcept;

  Options options_;
  base::SteadyClock clock_;
  metrics::Registry registry_;
  std::mutex sampling_;
  ProcessMetrics process_metrics_;
  Exchange exchange_;
  DrainBarrier drain_barrier_;
  sched::OffloadPool offload_pool_;
  sched::OffloadReport offload_report_;
  bool joined_ = false;
  std::string warning_;
  std::string_view backend_name_;
  std::vector<Place> cores_;
  std::unique_ptr<StallDetector> stall_detector_;
  std::barrier<> ready_;  // all cores and the starting thread
  std::atomic<bool> all_started_{true};
  std::atomic<std::size_t> stopped_count_{0};
};

}  // namespace corering::runtime
