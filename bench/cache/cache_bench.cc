// What one operation of the cache costs, and what an item takes of memory: keys of 16 bytes, values of 64.
//
//   build/bench/cache/cache_bench [--benchmark_filter=...]
//
// The keys are visited in the order of a random generator, so that no prefetcher foresees the next one.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "corering/cache/cache.h"

namespace {

using corering::base::ByteView;
using corering::cache::Cache;
using corering::cache::GetResult;
using corering::cache::GetStatus;

constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kValueBytes = 64;
constexpr std::uint64_t kFew = 1'000;  // with index and records, 110 KB: in the CPU's cache
constexpr std::uint64_t kMany = 10'000'000;
constexpr std::size_t kBatch = 32;

std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebULL;
  return number ^ (number >> 31);
}

class Order {
 public:
  explicit Order(std::uint64_t bound) : bound_(bound) {}
  std::uint64_t next() { return mixed(state_ += 0x9e3779b97f4a7c15ULL) % bound_; }

 private:
  std::uint64_t bound_;
  std::uint64_t state_ = 1;
};

struct Key {
  explicit Key(std::uint64_t number) {
    std::memcpy(bytes.data(), "key:key:", 8);
    std::memcpy(bytes.data() + 8, &number, 8);
  }
  ByteView view() const { return std::as_bytes(std::span(bytes)); }
  std::array<char, kKeyBytes> bytes;
};

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

struct Filled {
  explicit Filled(std::uint64_t count) : items(count) {
    const std::size_t before = resident_bytes();
    cache = std::move(*Cache::open({.l1_bytes = count * 110 + (std::size_t{64} << 20)}));
    const std::array<std::byte, kValueBytes> value{};
    for (std::uint64_t number = 0; number < count; ++number) cache->put(Key(number).view(), value);
    resident_per_item = static_cast<double>(resident_bytes() - before) / static_cast<double>(count);
  }
  std::uint64_t items;
  std::unique_ptr<Cache> cache;
  double resident_per_item = 0;
};

Filled& filled(std::uint64_t count) {
  static Filled few(kFew);
  if (count == kFew) return few;
  static Filled many(kMany);
  return many;
}

void get_hit(benchmark::State& state) {
  Filled& in = filled(static_cast<std::uint64_t>(state.range(0)));
  Order order(in.items);
  for (auto _ : state) {
    const GetResult result = in.cache->get(Key(order.next()).view());
    if (result.status != GetStatus::hit) return state.SkipWithError("an item is missing");
    benchmark::DoNotOptimize(result.item.value().data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_hit)->Arg(kFew)->Arg(kMany);

void get_hit_in_batches(benchmark::State& state) {
  Filled& in = filled(static_cast<std::uint64_t>(state.range(0)));
  Order order(in.items);
  std::vector<GetResult> results(kBatch);
  std::vector<Key> keys(kBatch, Key(0));
  std::vector<ByteView> views(kBatch);
  while (state.KeepRunningBatch(kBatch)) {
    for (std::size_t index = 0; index < kBatch; ++index) views[index] = (keys[index] = Key(order.next())).view();
    in.cache->get_batch(views, results);
    for (const GetResult& result : results) {
      if (result.status != GetStatus::hit) return state.SkipWithError("an item is missing");
      benchmark::DoNotOptimize(result.item.value().data());
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_hit_in_batches)->Arg(kFew)->Arg(kMany);

void get_miss(benchmark::State& state) {
  Filled& in = filled(static_cast<std::uint64_t>(state.range(0)));
  Order order(in.items);
  for (auto _ : state) benchmark::DoNotOptimize(in.cache->get(Key(in.items + order.next()).view()).status);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_miss)->Arg(kFew)->Arg(kMany);

void put_in_place(benchmark::State& state) {
  Filled& in = filled(static_cast<std::uint64_t>(state.range(0)));
  Order order(in.items);
  const std::array<std::byte, kValueBytes> value{};
  for (auto _ : state) benchmark::DoNotOptimize(in.cache->put(Key(order.next()).view(), value).version);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(put_in_place)->Arg(kFew)->Arg(kMany);

// New keys into a full cache of 64 MiB: each pays for the eviction of another.
void put_with_eviction(benchmark::State& state) {
  auto cache = std::move(*Cache::open({.l1_bytes = std::size_t{64} << 20}));
  const std::array<std::byte, kValueBytes> value{};
  std::uint64_t number = 0;
  for (; number < 1'000'000; ++number) cache->put(Key(number).view(), value);
  for (auto _ : state) benchmark::DoNotOptimize(cache->put(Key(number++).view(), value).version);
  state.SetItemsProcessed(state.iterations());
  state.counters["waits"] = static_cast<double>(cache->counters().l1_waits.value());
}
BENCHMARK(put_with_eviction);

// Beside key and value. Resident memory of the process, not what the cache believes.
void memory_per_l1_item(benchmark::State& state) {
  const Filled& in = filled(kMany);
  for (auto _ : state) benchmark::DoNotOptimize(in.items);
  state.counters["resident_bytes"] = in.resident_per_item;
  state.counters["overhead_bytes"] = in.resident_per_item - static_cast<double>(kKeyBytes + kValueBytes);
}
BENCHMARK(memory_per_l1_item)->Iterations(1);

// The file's items have nothing in memory but their entry in the index.
void memory_per_l3_item(benchmark::State& state) {
  const std::size_t before = resident_bytes();
  auto index = std::move(*corering::cache::Index::open());
  for (std::uint64_t number = 0; number < kMany; ++number) {
    if (!index.try_insert(mixed(number + 1), corering::cache::Tier::log_and_file, number))
      return state.SkipWithError("the index is full");
  }
  const double bytes = static_cast<double>(resident_bytes() - before) / static_cast<double>(kMany);
  for (auto _ : state) benchmark::DoNotOptimize(index.count());
  state.counters["resident_bytes"] = bytes;
}
BENCHMARK(memory_per_l3_item)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
