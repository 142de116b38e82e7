// Round trip of a message between two cores, as a distribution: both asleep (each message wakes its receiver) or both busy, and woken by a
// message to the ring or by eventfd; and of a coroutine's call_on, of a function and of a coroutine.
//
//   wake_bench [SAMPLES]     default 5000 round trips asleep and 200000 busy, for each way
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "corering/base/clock.h"
#include "corering/metrics/histogram.h"
#include "corering/runtime/call_on.h"
#include "corering/runtime/runtime.h"
#include "corering/sched/sleep.h"
#include "corering/sys/kernel_version.h"

namespace {

using namespace corering;
using std::chrono::microseconds;

enum class Cores : std::uint8_t { asleep, busy };

// Core 0 asks, core 1 answers. Asleep: the next question comes a while after the answer, so that both have gone to sleep.
class PingPong final : public runtime::Service {
 public:
  PingPong(runtime::Core& core, Cores cores, std::uint64_t samples) : core_(core), cores_(cores), samples_(samples) {}

  void start() override {
    if (core_.id().value == 0) ask_later();
  }
  void drain() override {}
  void abort() override { left_ = 0; }
  bool is_idle() const override { return core_.id().value != 0 || left_ == 0; }

  void set_peer(PingPong& peer) { peer_ = &peer; }
  const metrics::Histogram& round_trips() const { return round_trips_; }

 private:
  void ask_later() {
    if (cores_ == Cores::busy) {
      ask();
    } else {
      core_.timers().start(pause_, core_.now() + std::chrono::milliseconds(1));
    }
  }
  void ask() {
    asked_ = clock_.now();
    post(runtime::CoreId{1}, &PingPong::answer);
  }
  static void answer(runtime::Core&, const runtime::Message& message) {
    PingPong& self = *message.payload<PingPong*>()->peer_;
    self.post(runtime::CoreId{0}, &PingPong::take_answer);
  }
  static void take_answer(runtime::Core&, const runtime::Message& message) {
    PingPong& self = *message.payload<PingPong*>()->peer_;
    self.round_trips_.record(static_cast<std::uint64_t>((self.clock_.now() - self.asked_).count()));
    if (--self.left_ != 0) self.ask_later();
  }
  void post(runtime::CoreId to, runtime::Message::Handler handler) {
    if (!core_.try_post(to, {handler, this})) std::abort();
  }

  runtime::Core& core_;
  const Cores cores_;
  const std::uint64_t samples_;
  std::uint64_t left_ = samples_;
  PingPong* peer_ = nullptr;
  base::SteadyClock clock_;
  base::Instant asked_;
  metrics::Histogram round_trips_;
  sched::Timer pause_ = sched::Timer::to<&PingPong::ask>(this);
};

std::uint64_t answer(runtime::Core&, std::uint64_t question) { return question + 1; }
sched::Task<std::uint64_t> answer_later(runtime::Core&, std::uint64_t question) { co_return question + 1; }

// The same as a coroutine of core 0: what an awaited result costs over a bare message.
template <auto kAnswer>
class Caller final : public runtime::Service {
 public:
  Caller(runtime::Core& core, Cores cores, std::uint64_t samples) : core_(core), cores_(cores), left_(samples) {}

  void start() override {
    if (core_.id().value == 0) core_.scheduler().spawn(ask()).detach();
  }
  void drain() override {}
  void abort() override { left_ = 0; }
  bool is_idle() const override { return core_.id().value != 0 || left_ == 0; }

  void set_peer(Caller&) {}
  const metrics::Histogram& round_trips() const { return round_trips_; }

 private:
  sched::Task<> ask() {
    while (left_ != 0) {
      if (cores_ == Cores::asleep) co_await sched::sleep_for(std::chrono::milliseconds(1));
      const base::Instant asked = clock_.now();
      const sched::Outcome<std::uint64_t> answered = co_await runtime::call_on(core_, runtime::CoreId{1}, kAnswer, left_);
      if (!answered || *answered != left_ + 1) std::abort();
      round_trips_.record(static_cast<std::uint64_t>((clock_.now() - asked).count()));
      --left_;
    }
  }

  runtime::Core& core_;
  const Cores cores_;
  std::uint64_t left_;
  base::SteadyClock clock_;
  metrics::Histogram round_trips_;
};

template <typename Asker = PingPong>
void run(const char* name, runtime::WakeBy wake_by, Cores cores, std::uint64_t samples) {
  runtime::Options options;
  options.cores = 2;
  options.pinning = runtime::Pinning::one_cpu_each;
  options.chunks = {.chunk_bytes = 1024, .chunk_count = 16};
  options.small_chunks = {.chunk_bytes = 64, .chunk_count = 16};
  options.wake_by = wake_by;
  options.drain_timeout = std::chrono::minutes(1);
  if (cores == Cores::busy) {
    options.loop.spin = std::chrono::hours(1);
    options.loop.spin_when = runtime::SpinWhen::always;
  }
  std::vector<Asker*> services;
  auto started = runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::automatic),
                                         [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
                                           auto service = std::make_unique<Asker>(core, cores, samples);
                                           services.push_back(service.get());
                                           if (services.size() == 2) {
                                             services[0]->set_peer(*services[1]);
                                             services[1]->set_peer(*services[0]);
                                           }
                                           return service;
                                         });
  if (!started) {
    std::fprintf(stderr, "wake_bench: %s\n", started.error().text.c_str());
    std::exit(1);
  }
  (*started)->drain();  // it is idle when all have been asked
  (*started)->join();
  const metrics::Distribution all = services[0]->round_trips().read();
  const auto us = [&](double percent) { return static_cast<double>(all.percentile(percent)) / 1000; };
  std::printf("%-28s %8llu %8.2f %8.2f %8.2f %8.2f %8.2f %9llu\n", name, static_cast<unsigned long long>(all.count()), us(0),
              us(50), us(90), us(99), us(99.9),
              static_cast<unsigned long long>(metrics::value_of((*started)->registry().snapshot(), "wakes")));
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t samples = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 5000;
  if (samples == 0) {
    std::fprintf(stderr, "usage: wake_bench [SAMPLES]\n");
    return 2;
  }
  std::printf("Linux %s; microseconds per round trip\n", sys::kernel_release().c_str());
  std::printf("%-28s %8s %8s %8s %8s %8s %8s %9s\n", "", "count", "min", "p50", "p90", "p99", "p99.9", "wakes");
  for (int round = 0; round < 2; ++round) {
    run("asleep, by ring message", runtime::WakeBy::message_ring, Cores::asleep, samples);
    run("asleep, by eventfd", runtime::WakeBy::event, Cores::asleep, samples);
    run<Caller<&answer>>("asleep, call_on function", runtime::WakeBy::automatic, Cores::asleep, samples);
    run<Caller<&answer_later>>("asleep, call_on coroutine", runtime::WakeBy::automatic, Cores::asleep, samples);
  }
  run("busy, by ring message", runtime::WakeBy::message_ring, Cores::busy, samples * 40);
  run("busy, by eventfd", runtime::WakeBy::event, Cores::busy, samples * 40);
  run<Caller<&answer>>("busy, call_on function", runtime::WakeBy::automatic, Cores::busy, samples * 40);
  run<Caller<&answer_later>>("busy, call_on coroutine", runtime::WakeBy::automatic, Cores::busy, samples * 40);
  return 0;
}
