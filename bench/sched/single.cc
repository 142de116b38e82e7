// What one core pays: spawning, yielding, the deque.

#include <benchmark/benchmark.h>

#include <array>

#include "corering/sched/steal_deque.h"
#include "corering/sched/yield.h"
#include "cores.h"

namespace {

using namespace corering;

constexpr int kBatch = 256;

sched::Task<> nothing() { co_return; }

void spawn_and_run_pinned(benchmark::State& state) {
  bench::Cores cores(1);
  sched::Scheduler& scheduler = cores.first();
  scheduler.make_current();
  for (auto _ : state) {
    for (int count = 0; count < kBatch; ++count) scheduler.spawn(nothing()).detach();
    scheduler.run({.count_max = kBatch, .time_max = std::chrono::hours(1)});
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(spawn_and_run_pinned);

// What no scheduler can do without: coroutines from the pool, each with a record of a task's size that is written and read.
void coroutine_and_record_alone(benchmark::State& state) {
  struct Record {
    std::array<std::uint64_t, sizeof(sched::Root) / sizeof(std::uint64_t)> words;
  };
  std::array<std::coroutine_handle<>, kBatch> frames;
  std::array<Record*, kBatch> records{};
  for (auto _ : state) {
    for (std::size_t index = 0; index < kBatch; ++index) {
      frames[index] = nothing().release();
      records[index] = new (sched::FramePool::allocate(sizeof(Record))) Record;
      records[index]->words.fill(index);
      benchmark::DoNotOptimize(*records[index]);
    }
    for (std::size_t index = 0; index < kBatch; ++index) {
      frames[index].resume();
      frames[index].destroy();
      benchmark::DoNotOptimize(records[index]->words[0]);
      sched::FramePool::release(records[index], sizeof(Record));
    }
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(coroutine_and_record_alone);

void spawn_and_run_stealable(benchmark::State& state) {
  bench::Cores cores(1);
  sched::Scheduler& scheduler = cores.first();
  scheduler.make_current();
  for (auto _ : state) {
    for (int count = 0; count < kBatch; ++count) scheduler.spawn_stealable(nothing()).detach();
    scheduler.run({.count_max = kBatch, .time_max = std::chrono::hours(1)});
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(spawn_and_run_stealable);

sched::Task<> yield_often(std::int64_t count) {
  for (; count > 0; --count) co_await sched::yield();
}

void yield_pinned(benchmark::State& state) {
  bench::Cores cores(1);
  sched::Scheduler& scheduler = cores.first();
  scheduler.make_current();
  for (auto _ : state) {
    scheduler.spawn(yield_often(kBatch)).detach();
    scheduler.run({.count_max = kBatch + 1, .time_max = std::chrono::hours(1)});
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(yield_pinned);

sched::Task<> await_often(std::int64_t count) {
  for (; count > 0; --count) co_await nothing();
}

void await_task(benchmark::State& state) {
  bench::Cores cores(1);
  sched::Scheduler& scheduler = cores.first();
  scheduler.make_current();
  for (auto _ : state) {
    scheduler.spawn(await_often(kBatch)).detach();
    scheduler.run({.count_max = 1, .time_max = std::chrono::hours(1)});
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(await_task);

void deque_push_pop(benchmark::State& state) {
  sched::StealDeque<int> deque;
  int element = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(deque.try_push(element));
    benchmark::DoNotOptimize(deque.try_pop());
  }
}
BENCHMARK(deque_push_pop);

// 64 pushes, then 64 pops: per pair.
void deque_push_pop_deep(benchmark::State& state) {
  constexpr std::size_t kDepth = 64;
  sched::StealDeque<int> deque;
  std::array<int, kDepth> elements{};
  for (auto _ : state) {
    for (int& element : elements) benchmark::DoNotOptimize(deque.try_push(element));
    for (std::size_t count = 0; count < kDepth; ++count) benchmark::DoNotOptimize(deque.try_pop());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kDepth));
}
BENCHMARK(deque_push_pop_deep);

// The same, published before the pops, as for a thief that has asked: the owner takes back half by half.
void deque_push_publish_pop_deep(benchmark::State& state) {
  constexpr std::size_t kDepth = 64;
  sched::StealDeque<int> deque;
  std::array<int, kDepth> elements{};
  for (auto _ : state) {
    for (int& element : elements) benchmark::DoNotOptimize(deque.try_push(element));
    deque.publish();
    for (std::size_t count = 0; count < kDepth; ++count) benchmark::DoNotOptimize(deque.try_pop());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kDepth));
}
BENCHMARK(deque_push_publish_pop_deep);

void deque_push_steal(benchmark::State& state) {
  sched::StealDeque<int> deque;
  int element = 0;
  int* stolen = nullptr;
  for (auto _ : state) {
    benchmark::DoNotOptimize(deque.try_push(element));
    deque.publish();
    benchmark::DoNotOptimize(deque.try_steal(stolen));
  }
}
BENCHMARK(deque_push_steal);

}  // namespace
