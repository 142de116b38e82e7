// What an item costs on its way through a batch stream.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <numeric>

#include "corering/flow/batch_stream.h"
#include "flow_core.h"

namespace {

using namespace flow_bench;

using Stream = flow::BatchStream<std::uint64_t>;

class Sum {
 public:
  explicit Sum(Stream& stream) : stream_(stream) { stream.consume<&Sum::on_batch>(this); }

  void on_batch(Stream::Batch batch) {
    sum_ = std::accumulate(batch.begin(), batch.end(), sum_);
    benchmark::DoNotOptimize(sum_);
    if (!batch.empty()) stream_.release();
  }

 private:
  Stream& stream_;
  std::uint64_t sum_ = 0;
};

// Time per item, in batches of the argument, without the rest of the turn.
void PushAndConsume(benchmark::State& state) {
  FlowCore place;
  const auto items = static_cast<std::size_t>(state.range(0));
  Stream stream(place.core(), {.batch_items_max = items});
  Sum sum(stream);
  for (auto _ : state) {
    for (std::uint64_t item = 0; item < items; ++item) {
      if (!stream.try_push(item)) std::abort();
    }
    place.run_ready();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PushAndConsume)->Arg(10)->Arg(100)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
