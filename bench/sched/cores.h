// Schedulers on threads of their own, without rings: what the benchmarks run tasks on.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "corering/base/assert.h"
#include "corering/sched/scheduler.h"

namespace bench {

// Woken by an eventfd, as the cores of a server are.
class Core final : public corering::sched::Alarm {
 public:
  Core(std::uint16_t index, corering::sched::Fleet& fleet) : wheel_(clock_.now()), scheduler_(index, fleet, clock_, wheel_) {
    fleet.join(index, scheduler_, *this);
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() { ::close(alarm_); }

  void sound() noexcept override {
    const std::uint64_t one = 1;
    CORERING_ASSERT(::write(alarm_, &one, sizeof one) == sizeof one, "an eventfd takes no number");
  }
  corering::sched::Scheduler& scheduler() { return scheduler_; }

  template <typename IsOver>
  void run_until(IsOver is_over) {
    scheduler_.make_current();
    while (!is_over()) {
      scheduler_.run({});
      if (scheduler_.has_work() || is_over() || !scheduler_.try_sleep()) continue;
      std::uint64_t count = 0;
      CORERING_ASSERT(::read(alarm_, &count, sizeof count) == sizeof count, "an eventfd gives no number");
      scheduler_.wake_up();
    }
  }

 private:
  corering::base::SteadyClock clock_;
  corering::sched::TimerWheel wheel_;
  const int alarm_ = ::eventfd(0, EFD_CLOEXEC);
  corering::sched::Scheduler scheduler_;
};

// The calling thread is core 0, the others have threads of their own.
class Cores {
 public:
  explicit Cores(std::uint16_t count) : fleet_(count) {
    for (std::uint16_t index = 0; index < count; ++index) cores_.push_back(std::make_unique<Core>(index, fleet_));
    for (std::uint16_t index = 1; index < count; ++index) {
      threads_.emplace_back([this, index] {
        cores_[index]->run_until([this, index] { return is_over_.load() && cores_[index]->scheduler().is_idle(); });
      });
    }
  }
  ~Cores() {
    is_over_ = true;
    for (auto& core : cores_) core->sound();
  }

  // Runs a stealable task to its end.
  void run(corering::sched::Task<> task) {
    Core& first = *cores_.front();
    first.scheduler().make_current();
    const auto handle = first.scheduler().spawn_stealable(std::move(task));
    first.run_until([&] { return handle.has_ended(); });
  }

  corering::sched::Scheduler& first() { return cores_.front()->scheduler(); }

 private:
  corering::sched::Fleet fleet_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::atomic<bool> is_over_{false};
  std::vector<std::jthread> threads_;  // joined before anything else dies
};

}  // namespace bench
