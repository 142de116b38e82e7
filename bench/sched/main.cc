// sched_bench: the scheduler alone, and fork-join beside oneTBB.

#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
