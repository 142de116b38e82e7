// What a time-out costs, by how many are armed already.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "corering/sched/timer_wheel.h"

namespace {

using namespace corering;
using std::chrono::milliseconds;

constexpr base::Instant kStart{1'000'000'000};

struct Owner {
  void on_time() { ++fired; }

  sched::Timer timer = sched::Timer::to<&Owner::on_time>(this);
  std::uint64_t fired = 0;
};

// `count` armed timers, spread over the next hour: all four levels are in use.
class Crowd {
 public:
  explicit Crowd(std::size_t count) : owners_(std::make_unique<Slot[]>(count)), count_(count) {
    for (std::size_t index = 0; index < count; ++index) {
      wheel.start(owners_[index].owner.timer, kStart + milliseconds(1 + random() % 3'600'000));
    }
  }
  ~Crowd() {
    for (std::size_t index = 0; index < count_; ++index) wheel.stop(owners_[index].owner.timer);
  }

  Owner& any() { return owners_[random() % count_].owner; }

  std::minstd_rand random{1};
  sched::TimerWheel wheel{kStart};

 private:
  struct Slot {
    Owner owner;
  };
  std::unique_ptr<Slot[]> owners_;
  std::size_t count_;
};

// One more timer is armed and cancelled, as a request's time-out is. Argument: how many others are armed.
void ArmAndCancel(benchmark::State& state) {
  Crowd crowd(static_cast<std::size_t>(state.range(0)));
  Owner owner;
  std::int64_t delay_ms = 1;
  for (auto _ : state) {
    crowd.wheel.start(owner.timer, kStart + milliseconds(delay_ms));
    crowd.wheel.stop(owner.timer);
    delay_ms = delay_ms * 5 % 60'013;  // up to a minute, in no order
  }
}
BENCHMARK(ArmAndCancel)->Arg(1)->Arg(1'000)->Arg(1'000'000);

// The time-out of a hot connection is put off, among the time-outs of many others.
void Rearm(benchmark::State& state) {
  Crowd crowd(static_cast<std::size_t>(state.range(0)));
  Owner& owner = crowd.any();
  std::int64_t delay_ms = 30'000;
  for (auto _ : state) crowd.wheel.start(owner.timer, kStart + milliseconds(++delay_ms % 60'000));
}
BENCHMARK(Rearm)->Arg(1'000)->Arg(1'000'000);

// The time-out of any connection at random is put off: what it costs when neither it nor its neighbours are in the cache.
void RearmAny(benchmark::State& state) {
  Crowd crowd(static_cast<std::size_t>(state.range(0)));
  std::int64_t delay_ms = 30'000;
  for (auto _ : state) crowd.wheel.start(crowd.any().timer, kStart + milliseconds(++delay_ms % 60'000));
}
BENCHMARK(RearmAny)->Arg(1'000)->Arg(1'000'000);

// An hour passes, millisecond by millisecond, and all of them fire. Per timer.
void FireAll(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto crowd = std::make_unique<Crowd>(static_cast<std::size_t>(state.range(0)));
    state.ResumeTiming();
    for (std::int64_t ms = 1; ms <= 3'600'001; ++ms) crowd->wheel.advance(kStart + milliseconds(ms));
    state.PauseTiming();
    crowd.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(FireAll)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
