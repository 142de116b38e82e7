// Cores without rings: schedulers with a clock that the test turns, run by hand, or on threads of their own with the real clock.
#pragma once

#include <atomic>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "corering/sched/scheduler.h"

namespace test_core {

namespace sched = corering::sched;
namespace base = corering::base;

class ManualClock final : public base::Clock {
 public:
  base::Instant now() const override { return now_; }
  void advance(base::Duration duration) { now_ = now_ + duration; }

 private:
  base::Instant now_{1'000'000'000};
};

class CountingAlarm final : public sched::Alarm {
 public:
  void sound() noexcept override { ++count; }

  int count = 0;
};

// A core that the test turns.
class ManualCore {
 public:
  ManualCore(std::uint16_t index, sched::Fleet& fleet, const base::Clock& clock)
      : clock_(clock), wheel_(clock.now()), scheduler_(index, fleet, clock, wheel_) {
    fleet.join(index, scheduler_, alarm_);
    scheduler_.make_current();
  }

  // One turn of an event loop: ready work, then timers.
  std::size_t turn(const sched::BatchLimits& limits = {.count_max = 1'000'000, .time_max = std::chrono::hours(1)}) {
    scheduler_.make_current();
    scheduler_.set_turn_time(clock_.now());
    const std::size_t count = scheduler_.run(limits);
    wheel_.advance(clock_.now());
    return count;
  }
  void turn_until_quiet() {
    while (turn() != 0 || scheduler_.has_work()) {
    }
  }

  sched::Scheduler& operator*() { return scheduler_; }
  sched::Scheduler* operator->() { return &scheduler_; }
  sched::TimerWheel& wheel() { return wheel_; }
  CountingAlarm& alarm() { return alarm_; }

 private:
  const base::Clock& clock_;
  sched::TimerWheel wheel_;
  CountingAlarm alarm_;
  sched::Scheduler scheduler_;
};

// One core with a clock that stands still unless told otherwise.
struct SingleCore {
  ManualClock clock;
  sched::Fleet fleet{1};
  ManualCore core{0, fleet, clock};

  // Time passes, and the core sees it pass.
  void pass(base::Duration duration) {
    clock.advance(duration);
    core.turn();
    core.turn_until_quiet();
  }
};

// A core with a thread that sleeps when it has nothing to do.
class ThreadCore final : public sched::Alarm {
 public:
  ThreadCore(std::uint16_t index, sched::Fleet& fleet) : wheel_(clock_.now()), scheduler_(index, fleet, clock_, wheel_) {
    fleet.join(index, scheduler_, *this);
  }

  void sound() noexcept override { alarm_.release(); }

  // Runs until `is_over` holds. It is asked after each turn, and whoever makes it true sounds the alarm.
  template <typename IsOver>
  void run(IsOver is_over) {
    scheduler_.make_current();
    while (!is_over()) {
      scheduler_.set_turn_time(clock_.now());
      scheduler_.run({});
      wheel_.advance(clock_.now());
      if (scheduler_.has_work() || is_over() || !scheduler_.try_sleep()) continue;
      const base::Instant next = wheel_.next();
      if (next == base::Instant::never()) {
        alarm_.acquire();
      } else {
        static_cast<void>(alarm_.try_acquire_for(std::max(next - clock_.now(), base::Duration::zero())));
      }
      ++sleeps_;
      scheduler_.wake_up();
    }
    scheduler_.update_gauges();
  }

  sched::Scheduler& scheduler() { return scheduler_; }
  std::size_t sleeps() const { return sleeps_; }  // after run

 private:
  base::SteadyClock clock_;
  sched::TimerWheel wheel_;
  std::counting_semaphore<> alarm_{0};
  std::size_t sleeps_ = 0;
  sched::Scheduler scheduler_;
};

// Several of them: the first task runs on core 0; when it has ended and every core is idle, all stop.
class ThreadCores {
 public:
  explicit ThreadCores(std::uint16_t count) : fleet_(count), busy_(count) {
    for (std::uint16_t index = 0; index < count; ++index) cores_.push_back(std::make_unique<ThreadCore>(index, fleet_));
  }

  template <typename MakeTask>
  void run(MakeTask make_task) {
    std::vector<std::jthread> threads;
    for (std::uint16_t index = 0; index < fleet_.cores(); ++index) {
      threads.emplace_back([this, index, &make_task] { run_core(index, make_task); });
    }
  }

  ThreadCore& operator[](std::size_t index) { return *cores_[index]; }

  // A counter's sum over all cores, after run.
  template <typename Pick>
  std::uint64_t sum(Pick pick) {
    std::uint64_t total = 0;
    for (auto& core : cores_) total += pick(core->scheduler().counters()).value();
    return total;
  }

 private:
  template <typename MakeTask>
  void run_core(std::uint16_t index, MakeTask& make_task) {
    ThreadCore& core = *cores_[index];
    core.scheduler().make_current();
    corering::sched::JoinHandle<> handle;
    if (index == 0) handle = core.scheduler().spawn(make_task());
    bool has_arrived = false;
    core.run([&] {
      if (!has_arrived && (index != 0 || handle.has_ended()) && core.scheduler().is_idle() && first_is_done(index)) {
        has_arrived = true;
        if (busy_.fetch_sub(1) == 1) wake_all();
      }
      return has_arrived && busy_.load() == 0 && core.scheduler().is_idle();
    });
  }

  // The others stay until core 0 has said that it has nothing more.
  bool first_is_done(std::uint16_t index) {
    if (index == 0) {
      first_is_done_.store(true);
      wake_all();
    }
    return first_is_done_.load();
  }

  void wake_all() {
    for (auto& core : cores_) core->sound();
  }

  sched::Fleet fleet_;
  std::vector<std::unique_ptr<ThreadCore>> cores_;
  std::atomic<std::uint32_t> busy_;
  std::atomic<bool> first_is_done_{false};
};

}  // namespace test_core
