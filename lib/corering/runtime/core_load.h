// CoreLoad: what a core's time goes into: work, polling, waiting for a CPU, sleep.
//
// The share of a CPU that a thread uses says little of a loop that polls before it sleeps: it may be at 100 % and have nothing to
// do. And most of the work of an io_uring server happens inside the enter that may also sleep, so that readings of the clock around
// it would not tell the two apart. The kernel does: it accounts each thread's time on a CPU and in front of one. What the loop knows
// itself are the turns that found nothing; the rest follows by subtraction, and the data path pays nothing for it.
//
// Thread: attach by the owning core's; sample by any, one at a time; the counters by any.
#pragma once

#include <sys/types.h>
#include <atomic>

#include "corering/base/clock.h"
#include "corering/metrics/registry.h"
#include "corering/sys/thread_times.h"

namespace corering::runtime {

class CoreLoad {
 public:
  // The calling thread is the one to account, from now on.
  void attach_this_thread() noexcept;

  // Brings the counters up to date. `polling_ns`: what the loop has counted. Does nothing before attach or after the thread's end.
  // Cost: two or three system calls.
  void sample(std::uint64_t polling_ns) noexcept;

  // Named after the core.
  void register_metrics(metrics::Registry& registry);

  // The thread, 0 before attach.
  pid_t thread_id() const noexcept { return thread_id_.load(std::memory_order_acquire); }

  std::uint64_t cpu_ns() const noexcept { return cpu_.value(); }
  std::uint64_t busy_ns() const noexcept { return busy_.value(); }
  std::uint64_t sleeping_ns() const noexcept { return sleeping_.value(); }

 private:
  std::atomic<pid_t> thread_id_{0};
  base::Instant attached_;
  sys::ThreadTimes times_before_;  // what the thread had used by then
  metrics::Counter cpu_;
  metrics::Counter busy_;
  metrics::Counter polling_;
  metrics::Counter runnable_;
  metrics::Counter sleeping_;
};

}  // namespace corering::runtime
