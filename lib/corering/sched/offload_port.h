// OffloadPort: a core's door to the offload pool: its calls leave here, and their results come back here.
//
// A thread that has finished a call puts it on a stack that the core takes whole, once per turn; a sleeping core is woken. Without a
// pool, as in simulations, calls are made by the core itself in its next turn: the same results, in a fixed order.
//
// Thread: owning core only, but for bring_back and has_results. Lifetime: part of its core; the pool outlives it and has stopped before
// it dies. Cost: start: no lock, no system call but a semaphore's wake-up; results: one exchange per turn.
#pragma once

#include <atomic>
#include <cstddef>

#include "corering/base/result.h"
#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"
#include "corering/metrics/registry.h"
#include "corering/sched/offload_job.h"
#include "corering/sched/offload_pool.h"

namespace corering::sched {

struct OffloadCounters {
  metrics::Counter started;
  metrics::Counter refused;  // no thread could be had, or too many waited
  metrics::Counter returned;
  metrics::Counter forgotten;    // among the returned: nobody waited any more
  metrics::Counter abandoned;    // the core gave up: it was told to abort
  metrics::Gauge outstanding;    // started and not returned
  metrics::Histogram waited_ns;  // from the start until a thread had it
  metrics::Histogram worked_ns;  // in the call
};

class OffloadPort {
 public:
  using Wake = void (*)(void* context);

  // `wake` is called on a blocking thread when a result is there and the core may sleep. `pool`: nullptr for none.
  OffloadPort(OffloadPool* pool, Wake wake, void* context) noexcept : pool_(pool), wake_(wake), wake_context_(context) {}
  OffloadPort(const OffloadPort&) = delete;
  OffloadPort& operator=(const OffloadPort&) = delete;
  ~OffloadPort();

  // Sends the job away; the asker hears of it in a later turn. On failure nothing is kept. Errors: as OffloadPool::try_submit;
  // unsupported after abandon.
  base::Result<> start(OffloadJob& job, OffloadAsker& asker);

  // The asker does not want to hear of the job any more: its result is thrown away.
  void forget(OffloadJob& job) noexcept;

  // Tells the askers of what has returned. Called by the loop once per turn.
  void take_results();

  // The core stops without waiting: all askers are told so, and no more calls are taken. Called by the loop, at the latest when it
  // ends.
  void abandon();

  bool has_results() const noexcept { return returned_.load(std::memory_order_seq_cst) != nullptr; }

  // For a thread of the pool, with a job of this port.
  void bring_back(OffloadJob& job) noexcept;

  const OffloadCounters& counters() const noexcept { return counters_; }
  void register_metrics(metrics::Registry& registry) const;

 private:
  friend class OffloadPool;

  // For the end of the pool, when the core runs no more.
  void own(OffloadJob& job) noexcept { outstanding_.push_back(job); }
  void disown(OffloadJob& job) noexcept { outstanding_.erase(outstanding_.iterator_to(job)); }

  void finish(OffloadJob& job);

  OffloadPool* const pool_;
  const Wake wake_;
  void* const wake_context_;
  bool abandoned_ = false;
  base::List<OffloadJob, OffloadTag> outstanding_;
  OffloadCounters counters_;
  std::atomic<OffloadJob*> returned_{nullptr};  // a stack, newest first
};

}  // namespace corering::sched
