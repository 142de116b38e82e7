#include "corering/sched/offload_port.h"

#include <utility>

#include "corering/base/assert.h"

namespace corering::sched {

namespace {

std::uint64_t nanoseconds(base::Instant from, base::Instant to) {
  return to > from ? static_cast<std::uint64_t>((to - from).count()) : 0;
}

}  // namespace

// What the pool dropped, and what came back after the last turn.
OffloadPort::~OffloadPort() {
  while (!outstanding_.empty()) {
    OffloadJob& job = outstanding_.front();
    outstanding_.pop_front();
    CORERING_ASSERT(job.asker_ == nullptr, "an offloaded call is still waited for when its core ends");
    job.destroy();
  }
}

base::Result<> OffloadPort::start(OffloadJob& job, OffloadAsker& asker) {
  job.home_ = this;
  job.asker_ = &asker;
  job.started_ = base::SteadyClock().now();
  base::Result<> submitted;
  if (abandoned_) {
    submitted = base::failure({base::ErrorCode::unsupported, 0, "the core is stopping"});
  } else if (pool_ != nullptr) {
    // In the list before a thread can bring it back.
    outstanding_.push_back(job);
    submitted = pool_->try_submit(job);
    if (!submitted) outstanding_.erase(outstanding_.iterator_to(job));
  } else {
    outstanding_.push_back(job);
    bring_back(job);
  }
  if (!submitted) {
    counters_.refused.add();
    job.destroy();
    return submitted;
  }
  counters_.started.add();
  counters_.outstanding.set(counters_.outstanding.value() + 1);
  return {};
}

void OffloadPort::forget(OffloadJob& job) noexcept { job.asker_ = nullptr; }

// Sequentially consistent with the core's parking: either this thread sees it parked and wakes it, or it sees the result.
void OffloadPort::bring_back(OffloadJob& job) noexcept {
  OffloadJob* newest = returned_.load(std::memory_order_relaxed);
  do {
    job.next_ = newest;
  } while (!returned_.compare_exchange_weak(newest, &job, std::memory_order_seq_cst, std::memory_order_relaxed));
  wake_(wake_context_);
}

void OffloadPort::take_results() {
  if (returned_.load(std::memory_order_relaxed) == nullptr) return;
  OffloadJob* oldest = nullptr;
  for (OffloadJob* next = returned_.exchange(nullptr, std::memory_order_acquire); next != nullptr;) {
    OffloadJob* const older = next->next_;
    next->next_ = oldest;
    oldest = std::exchange(next, older);
  }
  while (oldest != nullptr) finish(*std::exchange(oldest, oldest->next_));
}

void OffloadPort::finish(OffloadJob& job) {
  if (pool_ == nullptr) {
    const base::SteadyClock clock;
    job.begun_ = clock.now();
    job.work();
    job.ended_ = clock.now();
  }
  outstanding_.erase(outstanding_.iterator_to(job));
  counters_.returned.add();
  counters_.outstanding.set(counters_.outstanding.value() - 1);
  counters_.waited_ns.record(nanoseconds(job.started_, job.begun_));
  counters_.worked_ns.record(nanoseconds(job.begun_, job.ended_));
  if (OffloadAsker* const asker = std::exchange(job.asker_, nullptr)) {
    asker->on_offloaded(job);
  } else {
    counters_.forgotten.add();
  }
  job.destroy();
}

void OffloadPort::abandon() {
  abandoned_ = true;
  for (OffloadJob& job : outstanding_) {
    OffloadAsker* const asker = std::exchange(job.asker_, nullptr);
    if (asker == nullptr) continue;
    counters_.abandoned.add();
    asker->on_abandoned();
  }
}

void OffloadPort::register_metrics(metrics::Registry& registry) const {
  registry.add("offloads_started", counters_.started, "Blocking calls handed to the pool");
  registry.add("offloads_refused", counters_.refused, "Blocking calls refused because too many waited");
  registry.add("offloads_returned", counters_.returned, "Blocking calls whose result came back");
  registry.add("offloads_forgotten", counters_.forgotten, "Blocking calls whose asker has gone");
  registry.add("offloads_abandoned", counters_.abandoned, "Blocking calls left behind at the end");
  registry.add("offloads_outstanding", counters_.outstanding, "Blocking calls under way");
  registry.add("offload_wait_ns", counters_.waited_ns, "Time that blocking calls waited for a thread");
  registry.add("offload_run_ns", counters_.worked_ns, "Time that blocking calls took");
}

}  // namespace corering::sched
