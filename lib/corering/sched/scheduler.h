// Scheduler: what one core runs when it does not look after I/O: pinned tasks of its own, and stealable ones that any idle core
// may take.
//
//   auto handle = sched::spawn(serve(connection));                                   // stays on this core
//   auto sum = sched::spawn_stealable(add_up(numbers), {.priority = Priority::low}); // any core may run it
//   const Outcome<int> total = co_await sum.join();                                  // its result comes back to this core
//
// Each priority has a queue for pinned and a deque for stealable work; who is next is for Rounds to say, which gives the lowest
// its share too. The loop runs a batch between two looks at I/O, bounded in number and in time; pieces of work are bounded by those
// who write them, with yield() or checkpoint() (yield.h). Low work gives way to I/O
// at its next checkpoint, other work when the batch is over. A core that has nothing left takes from others, up to half of what one of
// them has, before it sleeps; one that sleeps is woken when stealable work appears (fleet.h).
//
// At the end: wind_down lets all waits end as cancelled and runs what was spawned; cancel_all also cancels what has not begun.
//
// Thread: owning core only, but for is_aborting, has_work_to_steal and what thieves do. Lifetime: idle before it dies (asserted).
// Cost: spawn takes two blocks from the FramePool (record and coroutine), no heap allocation, no system call unless a core is woken.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "corering/base/clock.h"
#include "corering/sched/cancel_scope.h"
#include "corering/sched/context.h"
#include "corering/sched/counters.h"
#include "corering/sched/fleet.h"
#include "corering/sched/inbox.h"
#include "corering/sched/join_handle.h"
#include "corering/sched/priority.h"
#include "corering/sched/ready_queue.h"
#include "corering/sched/root.h"
#include "corering/sched/steal_deque.h"
#include "corering/sched/task.h"
#include "corering/sched/timer_wheel.h"

namespace corering::sched {

// Tells whether I/O, coming or going, waits for the batch to end. Lives as long as the batch.
class IoWatch {
 public:
  virtual bool has_io() const noexcept = 0;

 protected:
  ~IoWatch() = default;
};

// One batch of ready work.
struct BatchLimits {
  std::size_t count_max = 256;
  base::Duration time_max = std::chrono::microseconds(100);
  const IoWatch* io = nullptr;  // low work ends the batch as soon as there is I/O, after one piece; other work does not
};

class Scheduler {
 public:
  // At most so many pieces are taken from another core at once.
  static constexpr std::size_t kStealMax = 16;

  // The core's number in the fleet, and what it lives by.
  Scheduler(std::uint16_t index, Fleet& fleet, const base::Clock& clock, TimerWheel& timers);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  // That of the calling thread. Requires: it has one.
  static Scheduler& current() noexcept;
  void make_current() noexcept;

  std::uint16_t index() const noexcept { return index_; }
  ReadyQueue& ready() noexcept { return ready_; }
  TimerWheel& timers() noexcept { return timers_; }
  Counters& counters() noexcept { return counters_; }

  // The context of roots that somebody else owns (connections' handlers): pinned, normal, cancelled when the core winds down.
  const TaskContext& context() const noexcept { return context_; }

  // The task runs on this core.
  template <typename T>
  JoinHandle<T> spawn(Task<T> task, const SpawnOptions& options = {}) {
    Root& root = make_root(std::move(task), options, Mobility::pinned);
    ready_.push(root.runnable());
    return JoinHandle<T>(root);
  }

  // The task runs on whichever core has time. It shares nothing with others but what is safe to share between threads.
  template <typename T>
  JoinHandle<T> spawn_stealable(Task<T> task, const SpawnOptions& options = {}) {
    Root& root = make_root(std::move(task), options, Mobility::stealable);
    share(root);
    return JoinHandle<T>(root);
  }

  // For the loop.

  // Runs ready work, taking some from other cores if there is none; returns how much.
  std::size_t run(const BatchLimits& limits);

  // There is work on this core: it must not sleep.
  bool has_work() const noexcept { return !ready_.empty() || !inbox_.empty() || has_stealable_work(); }
  bool has_stealable_work() const noexcept;

  // Another core would find work here. False: this one has been asked to publish what it has. Thread: any.
  bool has_work_to_steal() noexcept;

  bool try_sleep() noexcept { return fleet_.try_sleep(index_); }
  void wake_up() noexcept { fleet_.wake_up(index_); }

  // The time that spawns, starts and deadlines go by.
  base::Instant turn_time() const noexcept { return turn_time_; }
  void set_turn_time(base::Instant now) noexcept { turn_time_ = now; }
  base::Instant read_clock() const noexcept { return clock_.now(); }

  void wind_down() noexcept { scope_.cancel(); }
  void cancel_all() noexcept;
  bool is_aborting() const noexcept { return is_aborting_.load(std::memory_order_relaxed); }

  // Everything spawned here has ended, and nothing stealable lies here.
  bool is_idle() const noexcept { return live() == 0 && !has_stealable_work() && inbox_.empty(); }

  void update_gauges() noexcept;

  // For roots, forks and awaiters.

  // Puts work into this core's deque; false, and counted, if it is full. Others may run it before this returns.
  // try_share_soon keeps it private until some core has nothing to do; one that runs dry at this very moment gets it with this core's
  // next fork, join, spawn, yield, checkpoint or turn.
  bool try_share(Stealable& work, Priority priority) noexcept;
  bool try_share_soon(Stealable& work, Priority priority) noexcept;

  // What was put into the deque last, if it is this one: nobody has taken it.
  bool try_take_back(Stealable& work, Priority priority) noexcept;

  // To another core's inbox.
  void send_home(Arrival& arrival, Scheduler& home) noexcept;

  void note_end(const Root& root) noexcept {
    Counters::OfPriority& of = counters_.of[index_of(root.context().priority)];
    if (root.state() == Root::State::ended) [[likely]] {
      const auto waited_ns = static_cast<std::uint64_t>(root.waited().count());
      if (of.run.value() % Counters::OfPriority::kWaitsPerSample == 0) of.waited_ns.record(waited_ns);
      of.run.add();
      of.wait_ns.add(waited_ns);
    } else if (root.state() == Root::State::expired) {
      counters_.expired.add();
    } else {
      CORERING_ASSERT(root.state() == Root::State::cancelled, "a task comes home before its end");
      counters_.cancelled.add();
    }
  }

  // This batch has lasted long enough, or more urgent work is ready, or, for low work, I/O. Sees to cores that have nothing to do.
  bool should_yield(Priority priority) noexcept;

 private:
  using Deque = StealDeque<Stealable>;

  template <typename T>
  Root& make_root(Task<T> task, const SpawnOptions& options, Mobility mobility) {
    CORERING_ASSERT(task, "an empty task is spawned");
    const auto frame = task.release();
    counters_.spawned.add();
    return *new Root(context_, turn_time_, options, mobility, frame, frame.promise());
  }

  class Batch;

  // Spawned here and not at its end.
  std::uint64_t live() const noexcept { return counters_.spawned.value() - counters_.ended(); }

  bool gives_way_to_io(Priority priority) const noexcept { return priority == Priority::low && io_ != nullptr && io_->has_io(); }

  void share(Root& root) noexcept;
  void take_inbox();
  std::uint32_t run_pinned(Priority priority, std::uint32_t count_max);
  bool run_stealable(Priority priority);
  bool steal(const IoWatch* io) noexcept;
  bool try_steal() noexcept;
  bool steal_from(Scheduler& victim, Priority priority) noexcept;
  void offer() noexcept;
  void publish_if_wanted() noexcept;
  void publish_if_wanted(Deque& deque) noexcept;
  std::uint32_t random() noexcept;

  const std::uint16_t index_;
  Fleet& fleet_;
  const base::Clock& clock_;
  TimerWheel& timers_;
  ReadyQueue ready_;
  Rounds rounds_;
  PriorityMask deque_mask_ = 0;         // bit i: deques_[i] may have work
  PriorityMask stealable_is_next_ = 0;  // bit i: pinned work of this priority has just had its turn
  std::uint32_t random_state_;
  base::Instant turn_time_;
  base::Instant batch_end_;
  const IoWatch* io_ = nullptr;  // of this batch
  std::uint32_t runs_per_reading_ = 1;
  std::uint32_t looks_max_ = 0;  // at what others have, before this core gives up
  CancelScope scope_;
  TaskContext context_;
  std::atomic<bool> is_aborting_{false};
  Counters counters_;
  Inbox inbox_;
  std::array<Deque, kPriorities> deques_;
};

// On the calling thread's core.
template <typename T>
JoinHandle<T> spawn(Task<T> task, const SpawnOptions& options = {}) {
  return Scheduler::current().spawn(std::move(task), options);
}
template <typename T>
JoinHandle<T> spawn_stealable(Task<T> task, const SpawnOptions& options = {}) {
  return Scheduler::current().spawn_stealable(std::move(task), options);
}

}  // namespace corering::sched
