// Recursive fork-join on one and on two cores: Fibonacci numbers (balanced, next to no work per task) and an unbalanced tree after
// UTS (Olivier et al., 2006: a geometric tree whose shape is drawn by hashing), beside oneTBB's task_group.

#include <benchmark/benchmark.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <array>
#include <optional>

#include "corering/sched/fork.h"
#include "cores.h"

namespace {

using namespace corering;

constexpr unsigned kFib = 27;

std::uint64_t plain_fib(unsigned n) { return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2); }

sched::Task<std::uint64_t> corering_fib(unsigned n) {
  if (n < 2) co_return n;
  auto left = co_await sched::fork(corering_fib(n - 1));
  const std::uint64_t right = co_await corering_fib(n - 2);
  const std::uint64_t rest = co_await left.join();
  co_return rest + right;
}

std::uint64_t tbb_fib(unsigned n) {
  if (n < 2) return n;
  std::uint64_t left = 0;
  tbb::task_group group;
  group.run([&left, n] { left = tbb_fib(n - 1); });
  const std::uint64_t right = tbb_fib(n - 2);
  group.wait();
  return left + right;
}

// The tree: a node has 0 to 4 children, drawn from a hash of its path, fewer the deeper it lies.
constexpr unsigned kTreeDepth = 40;
constexpr std::size_t kChildrenMax = 4;

struct Node {
  std::uint64_t state;
  unsigned depth;
};

std::uint64_t mix(std::uint64_t state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ULL;
  state = (state ^ (state >> 27)) * 0x94d049bb133111ebULL;
  return state ^ (state >> 31);
}

std::size_t children_of(const Node& node) {
  if (node.depth < 6) return 2;
  if (node.depth >= kTreeDepth) return 0;
  const std::uint64_t draw = mix(node.state) % 1000;
  return draw < 420 ? 0 : draw < 620 ? 1 : draw < 780 ? 2 : draw < 920 ? 3 : kChildrenMax;
}

Node child_of(const Node& node, std::size_t index) {
  return {mix(node.state + 0x9e3779b97f4a7c15ULL * (index + 1)), node.depth + 1};
}

std::uint64_t plain_tree(Node node) {
  std::uint64_t count = 1;
  for (std::size_t index = children_of(node); index > 0; --index) count += plain_tree(child_of(node, index));
  return count;
}

sched::Task<std::uint64_t> corering_tree(Node node) {
  const std::size_t children = children_of(node);
  std::uint64_t count = 1;
  if (children == 0) co_return count;
  std::array<std::optional<sched::Fork<std::uint64_t>>, kChildrenMax - 1> forks;
  const sched::TaskContext& here = co_await sched::this_task();
  for (std::size_t index = 1; index < children; ++index) forks[index - 1].emplace(corering_tree(child_of(node, index + 1)), here);
  count += co_await corering_tree(child_of(node, 1));
  for (std::size_t index = children - 1; index > 0; --index) {
    const std::uint64_t below = co_await forks[index - 1]->join();
    count += below;
  }
  co_return count;
}

std::uint64_t tbb_tree(Node node) {
  const std::size_t children = children_of(node);
  if (children == 0) return 1;
  std::array<std::uint64_t, kChildrenMax> below{};
  tbb::task_group group;
  for (std::size_t index = 1; index < children; ++index) {
    group.run([&below, node, index] { below[index] = tbb_tree(child_of(node, index + 1)); });
  }
  below[0] = tbb_tree(child_of(node, 1));
  group.wait();
  std::uint64_t count = 1;
  for (const std::uint64_t each : below) count += each;
  return count;
}

constexpr Node kTreeRoot{42, 0};

template <typename T>
sched::Task<> store(sched::Task<T> task, T& place) {
  place = co_await std::move(task);
}

template <typename MakeTask>
void run_corering(benchmark::State& state, std::uint64_t expected, MakeTask make_task) {
  bench::Cores cores(static_cast<std::uint16_t>(state.range(0)));
  for (auto _ : state) {
    std::uint64_t result = 0;
    cores.run(store(make_task(), result));
    if (result != expected) state.SkipWithError("wrong result");
  }
}

template <typename Run>
void run_tbb(benchmark::State& state, std::uint64_t expected, Run run) {
  const auto threads = static_cast<std::size_t>(state.range(0));
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  for (auto _ : state) {
    std::uint64_t result = 0;
    arena.execute([&] { result = run(); });
    if (result != expected) state.SkipWithError("wrong result");
  }
}

void fib_plain(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(plain_fib(kFib));
}
void fib_corering(benchmark::State& state) {
  run_corering(state, plain_fib(kFib), [] { return corering_fib(kFib); });
}
void fib_tbb(benchmark::State& state) {
  run_tbb(state, plain_fib(kFib), [] { return tbb_fib(kFib); });
}
void tree_plain(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(plain_tree(kTreeRoot));
  state.counters["nodes"] = static_cast<double>(plain_tree(kTreeRoot));
}
void tree_corering(benchmark::State& state) {
  run_corering(state, plain_tree(kTreeRoot), [] { return corering_tree(kTreeRoot); });
}
void tree_tbb(benchmark::State& state) {
  run_tbb(state, plain_tree(kTreeRoot), [] { return tbb_tree(kTreeRoot); });
}

BENCHMARK(fib_plain)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(fib_corering)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(fib_tbb)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(tree_plain)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(tree_corering)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(tree_tbb)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

// What this machine's two CPUs give at best: the same loop on one thread and, half each, on two.
void two_cpus(benchmark::State& state) {
  const auto threads = static_cast<unsigned>(state.range(0));
  constexpr unsigned kRepeats = 8;
  for (auto _ : state) {
    std::vector<std::jthread> others;
    const auto work = [threads] {
      for (unsigned count = 0; count < kRepeats / threads; ++count) benchmark::DoNotOptimize(plain_fib(kFib + 3));
    };
    for (unsigned index = 1; index < threads; ++index) others.emplace_back(work);
    work();
  }
}
BENCHMARK(two_cpus)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
