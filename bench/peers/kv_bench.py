"""Measures key-value servers side by side over both protocols: server CPU per request, requests per second, latency, memory per key.

Servers of one set of keys are started and filled together, each on one core of the same CPU, and measured in alternation with the load on
another CPU: within a round every server is measured once, in shuffled order, and ratios are taken within a round only, because the speed
of a shared machine drifts. --quick leaves out what takes long: ten million keys, ten thousand connections, the second core."""
import argparse
import csv
import dataclasses
import json
import random
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack

from measuring import flags as common
from measuring import machine, plot, report
from measuring.results import Results
from measuring.rounds import disturbed_line, measure_rounds
from measuring.server import Server, pin_to

SERVER = "apps/kv/corering-kv"
LOAD = "apps/load/corering-load"
PACKAGES = ["redis-server", "redis-tools", "valkey-server", "memcached"]
FILL_PIPELINE = 64
FILL_SECONDS_MAX = 300
LOAD_SECONDS_EXTRA = 60
REDIS_FLAGS = ["--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--maxclients", "12000"]
PEERS = {
    "resp": {"redis": ["redis-server", *REDIS_FLAGS], "valkey": ["valkey-server", *REDIS_FLAGS]},
    "memcached": {"memcached": ["memcached", *"-l 127.0.0.1 -p {port} -U 0 -t 1 -m 8192 -c 12000 -u root".split()]},
}


@dataclasses.dataclass(frozen=True)
class Data:
    """What servers are filled with, and on how many cores corering runs."""
    protocol: str = "resp"
    keys: int = 100_000
    value_bytes: int = 64
    cores: int = 1


@dataclasses.dataclass(frozen=True)
class Point:
    """One kind of load."""
    data: Data = Data()
    test: str = "get"
    pipeline: int = 1
    connections: int = 50
    tool: str = "corering-load"


@dataclasses.dataclass
class Axis:
    """Points that differ in one number, the x of a plot."""
    name: str
    title: str
    x_name: str
    points: dict  # {Point: x}


def axes_of(flags):
    outstanding = "requests outstanding per connection"

    def axis(name, title, x_name, numbers, point_of):
        return Axis(name, title, x_name, {point_of(number): number for number in numbers})

    axes = []
    if "resp" in flags.protocols:
        for test in ("get", "set"):
            axes.append(axis(f"pipeline_{test}", f"{test.upper()} of 64 bytes, 100,000 keys, 50 connections", outstanding,
                             flags.pipelines, lambda pipeline, test=test: Point(test=test, pipeline=pipeline)))
        axes.append(axis("value_bytes", "GET, 50 connections, one request outstanding on each", "bytes of a value",
                         flags.value_bytes, lambda size: Point(Data(keys=max(100, min(100_000, (1 << 28) // size)), value_bytes=size))))
        axes.append(axis("connections", "GET of 64 bytes, 100,000 keys, one request outstanding on each connection", "connections",
                         flags.connections, lambda connections: Point(connections=connections)))
        axes.append(axis("keys", "GET of 64 bytes, 50 connections, 16 requests outstanding on each", "keys",
                         flags.keys, lambda keys: Point(Data(keys=keys), pipeline=16)))
        if not flags.quick:
            axes.append(axis("two_cores", "GET of 64 bytes, 100,000 keys, 50 connections; corering on two cores, shared with the load",
                             outstanding, (1, 16), lambda pipeline: Point(Data(cores=2), pipeline=pipeline)))
        for test in ("get", "set"):
            axes.append(axis(f"checked_{test}", f"{test.upper()} as in the first tables, but redis-benchmark sends the load", outstanding,
                             (1, 16, 64),
                             lambda pipeline, test=test: Point(test=test, pipeline=pipeline, tool="redis-benchmark")))
    if "memcached" in flags.protocols:
        for test in ("get", "set"):
            axes.append(axis(f"memcached_{test}", f"memcached's protocol: {test} of 64 bytes, 100,000 keys, 50 connections", outstanding,
                             (1, 16, 64),
                             lambda pipeline, test=test: Point(Data(protocol="memcached"), test, pipeline)))
    return axes


def parse_flags(arguments):
    parser = argparse.ArgumentParser(prog="bench/peers/run kv", description=__doc__, allow_abbrev=False)
    common.add_common(parser, seconds=1)
    parser.add_argument("--servers", type=common.names, default=None, help="leave out all others (default: every one that is installed)")
    parser.add_argument("--protocols", type=common.names, default=["resp", "memcached"], help="default: resp,memcached")
    parser.add_argument("--pipelines", type=common.numbers, default=[1, 4, 16, 64, 256], help="default: 1,4,16,64,256")
    parser.add_argument("--value_bytes", type=common.numbers, default=[16, 64, 1024, 16384, 65536, 1 << 20],
                        help="default: 16,64,1024,16384,65536,1048576")
    parser.add_argument("--connections", type=common.numbers, default=[1, 50, 500, 10_000], help="default: 1,50,500,10000")
    parser.add_argument("--keys", type=common.numbers, default=[1000, 100_000, 10_000_000], help="default: 1000,100000,10000000")
    parser.add_argument("--axes", type=common.names, default=None, help="only these, e.g. pipeline_get,pipeline_set (default: all)")
    parser.add_argument("--quick", action="store_true", help="at most a million keys and 1,000 connections, one core")
    parser.add_argument("--warmup_seconds", type=float, default=0.2, help="default: 0.2")
    parser.add_argument("--core_flags", type=shlex.split, default=[], help="further flags for corering-kv, in one argument")
    flags = common.parse(parser, arguments)
    if flags.quick:
        flags.keys = [count for count in flags.keys if count <= 1_000_000]
        flags.connections = [count for count in flags.connections if count <= 1000]
    return flags


def servers_of(flags, data):
    """{name: command}"""
    own = [machine.ROOT / flags.dir / SERVER, "--port={port}", "--memcached_port={port2}", f"--cores={data.cores}",
           "--max_connections=12000", "--l1_bytes=8GiB", *flags.core_flags]
    if data.cores > 1:
        # Beside itself on one core, on the same two CPUs.
        return {"corering": own, "corering, 1 core": [part if part != f"--cores={data.cores}" else "--cores=1" for part in own]}
    servers = {"corering": own} | PEERS[data.protocol] | (flags.external if data.protocol == "resp" else {})
    return {name: command for name, command in servers.items()
            if (flags.servers is None or name in flags.servers) and (name == "corering" or shutil.which(command[0]))}


class Loader:
    """Sends one kind of load to one server."""

    def __init__(self, flags, data):
        self._flags = flags
        self._data = data
        self._cpus = {machine.LOAD_CPU} if data.cores == 1 else {machine.SERVER_CPU, machine.LOAD_CPU}

    def fill(self, server):
        """Sets every key once; returns the bytes of memory that each has cost."""
        before = server.usage().resident_bytes
        self._corering_load(server, Point(self._data, pipeline=FILL_PIPELINE), "--fill", "--requests=1", "--warmup_s=0")
        return (server.usage().resident_bytes - before) / self._data.keys

    def measure(self, server, point):
        before = server.usage()
        found = (self._with_corering_load if point.tool == "corering-load" else self._with_redis_benchmark)(server, point)
        after = server.usage()
        shared = self._data.cores > 1  # CPUs that the load shares: it is bound to wait
        waited = 0 if shared else (after.wait_ns - before.wait_ns) / 1e9 / found.pop("all_seconds")
        return found | {"server_waited": waited, "load_waited": 0, "resident_bytes": after.resident_bytes}

    def _run(self, command):
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                                  timeout=FILL_SECONDS_MAX + self._flags.seconds + LOAD_SECONDS_EXTRA, preexec_fn=pin_to(self._cpus))
        except subprocess.TimeoutExpired:
            sys.exit(f"bench/peers/run: this did not end: {shlex.join(map(str, command))}")
        if done.returncode != 0:
            sys.exit(f"bench/peers/run: this failed: {shlex.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def _corering_load(self, server, point, *further):
        port = server.port2 if server.name.startswith("corering") and self._data.protocol == "memcached" else server.port
        with tempfile.NamedTemporaryFile("r") as file:
            self._run([machine.ROOT / self._flags.dir / LOAD, f"--protocol={self._data.protocol}", f"--port={port}",
                       f"--connections={point.connections}", f"--pipeline={point.pipeline}", f"--keys={self._data.keys}",
                       f"--value_bytes={self._data.value_bytes}", f"--set_share={int(point.test == 'set')}", f"--server_pid={server.pid}",
                       f"--json={file.name}", f"--timeout_s={LOAD_SECONDS_EXTRA}", *further])
            return json.load(file)

    def _with_corering_load(self, server, point):
        seconds, warmup = self._flags.seconds, self._flags.warmup_seconds
        found = self._corering_load(server, point, f"--seconds={seconds}", f"--warmup_s={warmup}")
        latency = found["latency_us"]
        if found["misses"] or found["failures"]["all"]:
            sys.exit(f"bench/peers/run: {server.name} lost values: {found['misses']} misses, {found['failures']['all']} failures at "
                     f"{point}")
        return {"cpu_us": found["server_usage"]["us_per_request"], "rps": found["requests_per_second"], "p50_us": latency["p50"],
                "p99_us": latency["p99"], "p99_9_us": latency["p99_9"], "all_seconds": seconds + warmup}

    def _with_redis_benchmark(self, server, point):
        """A number of requests instead of a time: what a tenth of it, measured first, allows."""
        requests = 20_000 * min(point.pipeline, 16)
        seconds = self._redis_benchmark(server, point, requests)["all_seconds"]
        requests = max(requests, int(requests * self._flags.seconds / seconds))
        before = server.usage().run_ns
        found = self._redis_benchmark(server, point, requests)
        return found | {"cpu_us": (server.usage().run_ns - before) / 1e3 / requests, "all_seconds": found["all_seconds"] + seconds}

    def _redis_benchmark(self, server, point, requests):
        rows = list(csv.DictReader(self._run([
            "redis-benchmark", "-p", str(server.port), "-t", point.test, "-P", str(point.pipeline), "-c", str(point.connections),
            "-n", str(requests), "-d", str(self._data.value_bytes), "-r", str(self._data.keys), "--csv"]).splitlines()))
        rps = float(rows[0]["rps"])
        return {"rps": rps, "p50_us": float(rows[0]["p50_latency_ms"]) * 1e3, "p99_us": float(rows[0]["p99_latency_ms"]) * 1e3,
                "p99_9_us": float("nan"), "all_seconds": requests / rps}


def measure_all(flags, axes):
    """({Point: [round, ...]}, {Data: {server: bytes per key}})"""
    order = random.Random(flags.seed)
    patience = machine.Patience(flags.patience_seconds)
    points = list(dict.fromkeys(point for axis in axes for point in axis.points))
    measured, memory = {}, {}
    for data in dict.fromkeys(point.data for point in points):
        loader = Loader(flags, data)
        cpus = frozenset({machine.SERVER_CPU} if data.cores == 1 else {machine.SERVER_CPU, machine.LOAD_CPU})
        with ExitStack() as stack:
            servers = {}
            for name, command in servers_of(flags, data).items():
                servers[name] = stack.enter_context(Server(name, command, cpus))
                memory.setdefault(data, {})[name] = loader.fill(servers[name])
            for point in points:
                if point.data == data:
                    measured[point] = measure_rounds(
                        f"{data.protocol}, {data.keys} keys of {report.size(data.value_bytes)}, {point.test}, {point.connections} x "
                        f"{point.pipeline}, {point.tool}", flags.rounds, list(servers), order, patience,
                        lambda name, at=point, of=servers, by=loader: by.measure(of[name], at))
    print(file=sys.stderr)
    return measured, memory


def median(rounds, name, key):
    return statistics.median(measured[name][key] for measured in rounds)


def servers_at(axis, measured):
    """corering first."""
    return list(measured[next(iter(axis.points))][0])


def section(axis, measured):
    """The tables of one axis."""
    names = servers_at(axis, measured)
    others = names[1:]
    cpu_rows, rows = [], []
    for point, x in axis.points.items():
        rounds = measured[point]
        cpu_rows.append([f"{x:,}", *(report.spread([one[name]["cpu_us"] for one in rounds], 2) for name in names),
                         *(report.spread([one["corering"]["cpu_us"] / one[name]["cpu_us"] for one in rounds], 2) for name in others)])
        rows.append([f"{x:,}", *(f"{median(rounds, name, 'rps'):,.0f}" for name in names),
                     *(" / ".join(f"{median(rounds, name, key):,.0f}" for key in ("p50_us", "p99_us", "p99_9_us")) for name in names)])
    text = f"## {axis.title}\n\nServer CPU, microseconds per request, median of the rounds (min–max); ratios per round.\n\n"
    text += report.table([axis.x_name, *names, *(f"corering / {name}" for name in others)], cpu_rows)
    text += "\nRequests per second, and latency in microseconds: p50 / p99 / p99.9, medians of the rounds.\n\n"
    return text + report.table([axis.x_name, *(f"{name}, 1/s" for name in names), *(f"{name}, µs" for name in names)], rows) + "\n"


def memory_section(memory):
    rows = []
    for data, bytes_of in memory.items():
        if data.cores == 1 and data.keys >= 100_000 and data.value_bytes == 64:
            shares = [f"{bytes_of['corering'] / count:.2f} of {name}" for name, count in bytes_of.items() if name != "corering"]
            rows.append([data.protocol, f"{data.keys:,}", ", ".join(f"{name} {count:.1f}" for name, count in bytes_of.items()),
                         ", ".join(shares)])
    if not rows:
        return ""
    return ("## Memory\n\nResident bytes per key after every key was set once (values of 64 bytes, keys of the load generator), less what "
            "the empty server used.\n\n" + report.table(["protocol", "keys", "bytes per key", "corering's share"], rows) + "\n")


def draw(axes, measured, results):
    for axis in axes:
        names = servers_at(axis, measured)
        if len(axis.points) < 2:
            continue

        def series(key, axis=axis, names=names):
            return {name: [(x, median(measured[point], name, key)) for point, x in axis.points.items()] for name in names}

        def chart(key, what, unit, logarithmic_y, axis=axis, series=series):
            x_text = {"x_text": report.size} if axis.name == "value_bytes" else {}
            svg = plot.line_chart(what, axis.title, axis.x_name, unit, series(key), logarithmic_y, **x_text)
            results.plot(f"{axis.name}_{key.removesuffix('_us')}", f"{what}: {axis.title}", svg)

        chart("cpu_us", "Server CPU per request", "microseconds", True)
        if axis.name in ("pipeline_get", "connections"):
            chart("rps", "Requests per second", "1/s", False)
            chart("p99_us", "99th percentile of the latency", "microseconds", True)


def main(arguments):
    flags = parse_flags(arguments)
    machine.require_cpus()
    machine.build(flags.dir, [SERVER, LOAD])
    axes = [axis for axis in axes_of(flags) if flags.axes is None or axis.name in flags.axes]
    if not axes:
        sys.exit("bench/peers/run kv: no axis is left; need some of " + ",".join(axis.name for axis in axes_of(flags)))
    measured, memory = measure_all(flags, axes)
    environment = machine.describe(PACKAGES, flags.command)
    text = "".join(section(axis, measured) for axis in axes) + memory_section(memory)
    text += disturbed_line(measured.values()) + report.listing(environment)
    print(text, end="")
    results = Results(flags.results, "kv")
    draw(axes, measured, results)
    results.write(text, {"environment": environment,
                         "memory": [dataclasses.asdict(data) | {"bytes_per_key": bytes_of} for data, bytes_of in memory.items()],
                         "points": [dataclasses.asdict(point) | {"rounds": rounds} for point, rounds in measured.items()]})
