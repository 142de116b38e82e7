"""Recursive fork-join on corering's scheduler and on oneTBB, on one and on two cores, beside plain recursion: medians of interleaved
repetitions of one process."""
import argparse
import json
import re
import statistics
import subprocess
import sys

from measuring import flags as common
from measuring import machine, report
from measuring.results import Results

BENCHMARK = "bench/sched/sched_bench"
WORK = {"fib": "fib(27), a task per call", "tree": "an unbalanced tree"}


def parse_flags(arguments):
    parser = argparse.ArgumentParser(prog="bench/peers/run sched", description=__doc__, allow_abbrev=False)
    common.add_common(parser, seconds=0.2)
    return common.parse(parser, arguments)


def measure(flags):
    """{(work, who, cores): [milliseconds of one run, ...]}; plain recursion has one core."""
    command = [machine.ROOT / flags.dir / BENCHMARK, "--benchmark_filter=^(fib|tree)_", f"--benchmark_min_time={flags.seconds}",
               f"--benchmark_repetitions={flags.rounds}", "--benchmark_enable_random_interleaving=true", "--benchmark_format=json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, timeout=600)
    if done.returncode != 0:
        sys.exit(f"bench/peers/run: {BENCHMARK} failed")
    times = {}
    for one in json.loads(done.stdout)["benchmarks"]:
        found = re.match(r"(fib|tree)_(plain|corering|tbb)(?:/(\d))?", one["name"])
        if found and one["run_type"] == "iteration":
            times.setdefault((found[1], found[2], int(found[3] or 1)), []).append(one["real_time"])
    return times


def text_of(times, environment):
    rows = []
    for work, name in WORK.items():
        median = {key[1:]: statistics.median(values) for key, values in times.items() if key[0] == work}
        for cores in (1, 2):
            ours, tbb = median["corering", cores], median["tbb", cores]
            rows.append([name, str(cores), f"{ours:.2f}", f"{tbb:.2f}", f"{ours / tbb:.2f}", f"{median['corering', 1] / ours:.2f}",
                         f"{median['tbb', 1] / tbb:.2f}", f"{median['plain', 1]:.2f}"])
    head = ["work", "cores", "corering, ms", "oneTBB, ms", "corering / oneTBB", "speed-up of corering", "of oneTBB", "plain recursion, ms"]
    return report.table(head, rows) + "\n" + report.listing(environment)


def main(arguments):
    flags = parse_flags(arguments)
    machine.build(flags.dir, [BENCHMARK])
    machine.Patience(flags.patience_seconds).wait_for_quiet()
    times = measure(flags)
    environment = machine.describe(["libtbb-dev"], flags.command)
    environment["Machine"] = environment["Machine"].partition(";")[0]
    text = text_of(times, environment)
    print(text, end="")
    Results(flags.results, "sched").write(text, {"environment": environment, "times_ms": {"/".join(map(str, key)): values
                                                                                          for key, values in times.items()}})
