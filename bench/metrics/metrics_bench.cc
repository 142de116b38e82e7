// What a metric costs the core that keeps it.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>

#include "corering/base/clock.h"
#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"

namespace {

using namespace corering;

void counter_add(benchmark::State& state) {
  metrics::Counter counter;
  for (auto _ : state) {
    counter.add();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(counter_add);

// Values as latencies are: around 30 us, with a tail.
std::array<std::uint64_t, 4096> latencies() {
  std::array<std::uint64_t, 4096> values{};
  std::uint64_t state = 1;
  for (std::uint64_t& value : values) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    value = 20'000 + (state >> 50);
    if (state >> 58 == 0) value *= 50;
  }
  return values;
}

void histogram_record(benchmark::State& state) {
  const auto histogram = std::make_unique<metrics::Histogram>();
  const auto values = latencies();
  std::size_t next = 0;
  for (auto _ : state) histogram->record(values[next++ % values.size()]);
}
BENCHMARK(histogram_record);

void histogram_read(benchmark::State& state) {
  const auto histogram = std::make_unique<metrics::Histogram>();
  for (const std::uint64_t value : latencies()) histogram->record(value);
  for (auto _ : state) benchmark::DoNotOptimize(histogram->read().percentile(99));
}
BENCHMARK(histogram_read);

void clock_read(benchmark::State& state) {
  const base::SteadyClock clock;
  for (auto _ : state) benchmark::DoNotOptimize(clock.now());
}
BENCHMARK(clock_read);

}  // namespace

BENCHMARK_MAIN();
