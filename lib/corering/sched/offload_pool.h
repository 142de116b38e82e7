// OffloadPool: a bounded number of threads for calls that block: getaddrinfo, a library that reads files, a slow computation that
// cannot be cut into pieces.
//
// A core must never block; whatever may goes here. Threads are started as calls come, one for each call that would wait, up to
// threads_max, and stay. Beyond that calls wait in a queue of bounded length, and beyond that they are refused. Several cores
// hand over without a lock; a result goes back to the core that asked (OffloadPort).
//
// Not for file or socket I/O, which the ring does, and not for work that cores can share out among themselves (stealable tasks).
//
// Thread: try_submit: any core; stop: the thread that owns the pool. Lifetime: outlives its ports. Errors: limit_too_low if no thread
// can be started or the queue is full, unsupported after stop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "corering/base/clock.h"
#include "corering/base/result.h"
#include "corering/metrics/counter.h"
#include "corering/sched/offload_job.h"

namespace corering::sched {

struct OffloadPoolOptions {
  std::uint32_t threads_max = 32;
  std::uint32_t waiting_max = 1024;                // calls that wait for a thread
  std::string thread_name = "blocking";            // with a number behind it; the kernel shows 15 characters
  std::size_t stack_bytes = std::size_t{1} << 20;  // of each thread; 0: what the process is given
};

// What stop has left behind.
struct OffloadReport {
  std::uint32_t abandoned_waiting = 0;  // never called
  std::uint32_t abandoned_running = 0;  // their threads were still inside, and were left to themselves

  bool is_clean() const noexcept { return abandoned_waiting == 0 && abandoned_running == 0; }
  std::string text() const;  // one line for the operator
};

class OffloadPool {
 public:
  explicit OffloadPool(const OffloadPoolOptions& options);
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;
  ~OffloadPool();  // stops without waiting if nobody has

  // Queues the job. On failure it is still the caller's.
  base::Result<> try_submit(OffloadJob& job);

  // Takes no more calls, drops those that wait and gives those that run `patience` to return. A call that is still running then is
  // abandoned with its thread: nothing of the pool is touched when it returns. A second stop finds nothing.
  // Requires: the cores have ended their loops.
  OffloadReport stop(base::Duration patience);

  std::uint32_t threads() const noexcept { return static_cast<std::uint32_t>(threads_.value()); }
  const metrics::Gauge& threads_gauge() const noexcept { return threads_; }
  const metrics::Gauge& thread_failures_gauge() const noexcept { return thread_failures_; }

 private:
  struct Shared;
  struct Worker;

  base::Result<> require_thread(std::size_t calls);
  static void run(Shared& shared, Worker& worker);
  static void run_job(Shared& shared, Worker& worker, OffloadJob& job);
  static bool try_orphan(OffloadJob& job);
  static void let_go(Shared& shared) noexcept;

  const OffloadPoolOptions options_;
  Shared* const shared_;  // also the threads': the last to let go deletes it
  metrics::Gauge threads_;
  metrics::Gauge thread_failures_;  // that were wanted and could not be started
  bool stopped_ = false;
};

}  // namespace corering::sched
