#include "corering/sched/offload_pool.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "corering/base/assert.h"
#include "corering/base/tracepoint.h"
#include "corering/sched/offload_port.h"
#include "corering/sched/offload_queue.h"
#include "corering/sys/cpu.h"
#include "corering/sys/thread.h"

namespace corering::sched {

struct OffloadPool::Worker {
  sys::Thread thread;
  std::atomic<OffloadJob*> current{nullptr};
  bool has_exited = false;  // guarded by Shared::mutex
};

// What the threads use. An abandoned thread may outlive the pool, so this has as many owners as there are threads, and one.
struct OffloadPool::Shared {
  explicit Shared(const OffloadPoolOptions& options) : queue(std::size_t{options.threads_max} + options.waiting_max + 1) {
    ::sem_init(&wanted, 0, 0);
  }
  ~Shared() { ::sem_destroy(&wanted); }

  OffloadQueue<OffloadJob> queue;
  sem_t wanted;                         // one count per job in the queue, and per thread that is to exit
  std::atomic<std::size_t> calls{0};    // waiting or running
  std::atomic<std::size_t> threads{0};  // started; only grows
  std::atomic<bool> stopping{false};
  std::atomic<std::uint32_t> not_begun{0};  // taken from the queue when it was too late
  std::atomic<std::size_t> owners{1};

  std::mutex mutex;  // starting and ending threads
  std::condition_variable exited;
  std::vector<std::unique_ptr<Worker>> workers;
};

std::string OffloadReport::text() const {
  if (is_clean()) return "no blocking call was left behind";
  return "abandoned " + std::to_string(abandoned_running) + " blocking calls that had not returned, and " +
         std::to_string(abandoned_waiting) + " that had not begun";
}

OffloadPool::OffloadPool(const OffloadPoolOptions& options) : options_(options), shared_(new Shared(options)) {}

OffloadPool::~OffloadPool() {
  stop(base::Duration::zero());
  let_go(*shared_);
}

void OffloadPool::let_go(Shared& shared) noexcept {
  if (shared.owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &shared;
}

base::Result<> OffloadPool::try_submit(OffloadJob& job) {
  Shared& shared = *shared_;
  if (shared.stopping.load(std::memory_order_relaxed) || options_.threads_max == 0) {
    return base::failure({base::ErrorCode::unsupported, 0, "blocking calls are not served: no threads, or they have stopped"});
  }
  const std::size_t calls = shared.calls.fetch_add(1, std::memory_order_relaxed) + 1;
  if (calls > std::size_t{options_.threads_max} + options_.waiting_max) {
    shared.calls.fetch_sub(1, std::memory_order_relaxed);
    return base::failure({base::ErrorCode::limit_too_low, 0,
                          "found " + std::to_string(options_.waiting_max) + " blocking calls waiting for one of " +
                              std::to_string(options_.threads_max) + " threads: raise max_blocking_threads"});
  }
  if (auto thread = require_thread(calls); !thread) {
    shared.calls.fetch_sub(1, std::memory_order_relaxed);
    return thread;
  }
  const bool pushed = shared.queue.try_push(&job);
  CORERING_ASSERT(pushed, "calls are counted and the queue has no room for one");
  ::sem_post(&shared.wanted);
  return {};
}

// A thread for each call, as long as there may be more. Without one more it goes on with those there are; without any it cannot.
base::Result<> OffloadPool::require_thread(std::size_t calls) {
  Shared& shared = *shared_;
  const auto is_enough = [&](std::size_t threads) { return threads >= calls || threads >= options_.threads_max; };
  if (is_enough(shared.threads.load(std::memory_order_acquire))) return {};
  const std::lock_guard lock(shared.mutex);
  const std::size_t count = shared.threads.load(std::memory_order_relaxed);
  if (is_enough(count)) return {};
  auto worker = std::make_unique<Worker>();
  shared.owners.fetch_add(1, std::memory_order_relaxed);
  auto thread = sys::Thread::start(
      [&shared, &here = *worker, name = options_.thread_name + '-' + std::to_string(count)] {
        sys::name_this_thread(name.c_str());
        run(shared, here);
        let_go(shared);
      },
      {.stack_bytes = options_.stack_bytes});
  if (!thread) {
    shared.owners.fetch_sub(1, std::memory_order_relaxed);
    thread_failures_.set(thread_failures_.value() + 1);
    if (count == 0) return base::failure(std::move(thread.error()));
    return {};
  }
  worker->thread = std::move(*thread);
  shared.workers.push_back(std::move(worker));
  shared.threads.store(count + 1, std::memory_order_release);
  threads_.set(count + 1);
  return {};
}

void OffloadPool::run(Shared& shared, Worker& worker) {
  for (;;) {
    while (::sem_wait(&shared.wanted) != 0) {
    }
    OffloadJob* job = shared.queue.try_pop();
    // A count without a job: the job before it is being pushed by a core that has not finished, or the pool stops.
    while (job == nullptr && !shared.stopping.load(std::memory_order_acquire)) {
      ::sched_yield();
      job = shared.queue.try_pop();
    }
    if (job == nullptr) break;
    run_job(shared, worker, *job);
    shared.calls.fetch_sub(1, std::memory_order_relaxed);
  }
  const std::lock_guard lock(shared.mutex);
  worker.has_exited = true;
  shared.exited.notify_all();
}

// Sequentially consistent with stop(): either this thread sees that it is too late to begin, or stop() sees what it is in.
void OffloadPool::run_job(Shared& shared, Worker& worker, OffloadJob& job) {
  const base::SteadyClock clock;
  job.begun_ = clock.now();
  job.state_.store(OffloadJob::State::running, std::memory_order_relaxed);
  worker.current.store(&job, std::memory_order_seq_cst);
  const bool begins = !shared.stopping.load(std::memory_order_seq_cst);
  if (begins) {
    CORERING_TRACE(offload_begin, &job);
    job.work();
    CORERING_TRACE(offload_end, &job);
  } else {
    shared.not_begun.fetch_add(1, std::memory_order_relaxed);
  }
  job.ended_ = clock.now();
  auto expected = OffloadJob::State::running;
  // Either this thread brings the job home, or stop() has disowned both; never both.
  if (job.state_.compare_exchange_strong(expected, OffloadJob::State::returning, std::memory_order_acq_rel)) {
    worker.current.store(nullptr, std::memory_order_relaxed);
    if (begins) job.home_->bring_back(job);
  } else {
    job.destroy();
  }
}

// Leaves a job that runs to its thread. Out of its port's list first: the thread may destroy it at any moment after. False if it has
// just returned.
bool OffloadPool::try_orphan(OffloadJob& job) {
  OffloadPort& home = *job.home_;
  home.disown(job);
  auto expected = OffloadJob::State::running;
  if (job.state_.compare_exchange_strong(expected, OffloadJob::State::orphaned, std::memory_order_acq_rel)) return true;
  home.own(job);
  return false;
}

OffloadReport OffloadPool::stop(base::Duration patience) {
  OffloadReport report;
  if (std::exchange(stopped_, true)) return report;
  Shared& shared = *shared_;
  shared.stopping.store(true, std::memory_order_seq_cst);
  // The ports destroy what they have not got back.
  while (shared.queue.try_pop() != nullptr) ++report.abandoned_waiting;
  std::unique_lock lock(shared.mutex);
  for (std::size_t count = 0; count < shared.workers.size(); ++count) ::sem_post(&shared.wanted);
  shared.exited.wait_for(lock, patience, [&] { return std::ranges::all_of(shared.workers, &Worker::has_exited); });
  std::vector<sys::Thread> leaving;
  for (auto& worker : shared.workers) {
    OffloadJob* const job = worker->has_exited ? nullptr : worker->current.load(std::memory_order_seq_cst);
    if (job != nullptr && try_orphan(*job)) {
      ++report.abandoned_running;
      worker->thread.detach();
    } else {
      leaving.push_back(std::move(worker->thread));
    }
  }
  lock.unlock();
  for (sys::Thread& thread : leaving) thread.join();
  report.abandoned_waiting += shared.not_begun.load(std::memory_order_relaxed);
  threads_.set(report.abandoned_running);
  return report;
}

}  // namespace corering::sched
