// What an event costs, from publishing to the return of its handlers.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "corering/flow/event_bus.h"
#include "flow_core.h"

namespace {

using namespace flow_bench;

constexpr int kBatch = 100;

struct Tick {
  std::uint64_t number = 0;
};
struct Fill {
  std::uint64_t order = 0;
  std::uint64_t quantity = 0;
};
using Bus = flow::EventBus<Fill, Tick>;

class Sum {
 public:
  Sum(Bus& bus, int priority) : bus_(bus) { bus_.subscribe(handler_, priority); }
  ~Sum() { bus_.unsubscribe(handler_); }

 private:
  void on_tick(const Tick& tick) {
    sum_ += tick.number;
    benchmark::DoNotOptimize(sum_);
  }

  Bus& bus_;
  std::uint64_t sum_ = 0;
  flow::EventHandler<Tick> handler_ = flow::EventHandler<Tick>::to<&Sum::on_tick>(this);
};

void publish_batch(Bus& bus) {
  for (std::uint64_t number = 0; number < kBatch; ++number) {
    if (!bus.try_publish(Tick{number})) std::abort();
  }
}

std::vector<std::unique_ptr<Sum>> subscribe(Bus& bus, std::int64_t handlers) {
  std::vector<std::unique_ptr<Sum>> sums;
  for (std::int64_t index = 0; index < handlers; ++index) sums.push_back(std::make_unique<Sum>(bus, static_cast<int>(index)));
  return sums;
}

// Time per event in batches of 100, without the rest of the turn. Argument: handlers.
void PublishAndDispatch(benchmark::State& state) {
  FlowCore place;
  Bus bus(place.core());
  const auto sums = subscribe(bus, state.range(0));
  for (auto _ : state) {
    publish_batch(bus);
    place.run_ready();
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(PublishAndDispatch)->Arg(1)->Arg(4)->Arg(16);

// The same with the whole turn around it, its system call included. The second batch keeps the loop from waiting.
void PublishAndTurn(benchmark::State& state) {
  FlowCore place;
  Bus bus(place.core());
  const auto sums = subscribe(bus, state.range(0));
  publish_batch(bus);
  for (auto _ : state) {
    publish_batch(bus);
    place.turn();
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(PublishAndTurn)->Arg(1);

}  // namespace

BENCHMARK_MAIN();
