"""Measures echo servers side by side: server CPU per message, messages per second, latency and memory, and how corering compares with
plain epoll and plain io_uring in the same round.

Each measurement starts a fresh server on one CPU and the load on another. Within a round every server is measured once,
in shuffled order, and ratios are taken within a round only, because the speed of a shared machine drifts."""
import argparse
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile

from measuring import flags as common
from measuring import machine, plot, report
from measuring.results import Results
from measuring.rounds import disturbed_line, measure_rounds
from measuring.server import Server, pin_to

PLAIN_LOAD = "bench/peers/echo_load"
SECOND_LOAD = "apps/load/corering-load"
SERVERS = {
    "corering": ["apps/echo/corering-echo", "--port=0", "--cores=1", "--max_connections=12000"],
    "epoll": ["bench/peers/echo_epoll", "--port=0"],
    "liburing": ["bench/peers/echo_liburing", "--port=0"],
    "asio": ["bench/peers/echo_asio", "--port=0"],
    "libuv": ["bench/peers/echo_libuv", "--port=0"],
}
DEFAULT_SERVERS = list(SERVERS)
# corering's three policies for sends without a copy, to be compared with each other: --servers=never,auto,always --against=never
SERVERS |= {policy: [*SERVERS["corering"], f"--zero_copy={policy}"] for policy in ("never", "auto", "always")}
LOAD_SECONDS_EXTRA = 30  # for connecting and for the echoes still due at the end
PACKAGES = ["liburing-dev", "libasio-dev", "libuv1-dev"]


def parse_flags(arguments):
    parser = argparse.ArgumentParser(prog="bench/peers/run echo", description=__doc__, allow_abbrev=False)
    common.add_common(parser, seconds=3)
    parser.add_argument("--servers", type=common.names, default=None,
                        help=f"some of {','.join(SERVERS)} and the external ones "
                             f"(default: {','.join(DEFAULT_SERVERS)} and the external ones)")
    parser.add_argument("--against", metavar="SERVER", help="compare all others with this one (default: corering with all others)")
    parser.add_argument("--bytes", type=common.numbers, default=[64, 4096, 16384], help="message sizes (default: 64,4096,16384)")
    parser.add_argument("--connections", type=common.numbers, default=[1, 50, 500], help="default: 1,50,500")
    parser.add_argument("--warmup_seconds", type=float, default=0.3, help="default: 0.3")
    parser.add_argument("--core_flags", type=shlex.split, default=[], help="further flags for corering-echo, in one argument")
    parser.add_argument("--liburing_flags", type=shlex.split, default=[], help="further flags for echo_liburing, in one argument")
    parser.add_argument("--load", choices=["plain", "corering"], default="plain",
                        help="who sends: plain is echo_load, on epoll by hand; corering is corering-load, as a check (default: plain)")
    parser.add_argument("--results_name", default="echo", help="of the files in --results (default: echo)")
    flags = common.parse(parser, arguments)
    known = [*SERVERS, *flags.external]
    flags.servers = flags.servers or [*DEFAULT_SERVERS, *flags.external]
    if unknown := [name for name in flags.servers if name not in known]:
        parser.error(f"argument --servers: found {', '.join(unknown)}, need some of {', '.join(known)}")
    if flags.against and flags.against not in flags.servers:
        parser.error(f"argument --against: found {flags.against}, need one of {', '.join(flags.servers)}")
    return flags


def command_of(flags, name):
    if name in flags.external:
        return flags.external[name]
    binary, *arguments = SERVERS[name]
    arguments += {"corering-echo": flags.core_flags, "echo_liburing": flags.liburing_flags}.get(os.path.basename(binary), [])
    return [machine.ROOT / flags.dir / binary, *arguments]


def run_load(flags, name, command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=flags.seconds + flags.warmup_seconds + LOAD_SECONDS_EXTRA, preexec_fn=pin_to({machine.LOAD_CPU}))
    except subprocess.TimeoutExpired:
        sys.exit(f"bench/peers/run: the load on {name} did not end: {shlex.join(map(str, command))}")
    if done.returncode != 0:
        sys.exit(f"bench/peers/run: {name} failed the load ({shlex.join(map(str, command))}):\n{done.stderr}{done.stdout}")
    return done.stdout


def with_plain_load(flags, server, connections, message_bytes):
    printed = run_load(flags, server.name, [
        machine.ROOT / flags.dir / PLAIN_LOAD, f"--port={server.port}", f"--connections={connections}", f"--bytes={message_bytes}",
        f"--seconds={flags.seconds}", f"--warmup_seconds={flags.warmup_seconds}", f"--server_pid={server.pid}"])
    return json.loads(printed)


def with_second_load(flags, server, connections, message_bytes):
    """The same names as echo_load's. Waiting is of the whole life of the processes, and CPU time in clock ticks."""
    with tempfile.NamedTemporaryFile("r") as file:
        before = server.usage()
        run_load(flags, server.name, [
            machine.ROOT / flags.dir / SECOND_LOAD, "--protocol=echo", f"--port={server.port}", f"--connections={connections}",
            f"--value_bytes={message_bytes}", f"--seconds={flags.seconds}", f"--warmup_s={flags.warmup_seconds}",
            f"--server_pid={server.pid}", f"--json={file.name}"])
        waited = (server.usage().wait_ns - before.wait_ns) / 1e9 / (flags.seconds + flags.warmup_seconds)
        found = json.load(file)
    latency = found["latency_us"]
    return {"messages_per_s": found["requests_per_second"], "p50_us": latency["p50"], "p99_us": latency["p99"],
            "p99_9_us": latency["p99_9"], "server_cpu_us_per_message": found["server_usage"]["us_per_request"],
            "server_waited": waited, "load_waited": 0}


def measure(flags, name, connections, message_bytes):
    load = with_plain_load if flags.load == "plain" else with_second_load
    with Server(name, command_of(flags, name)) as server:
        return load(flags, server, connections, message_bytes) | {"resident_bytes": server.usage().resident_bytes}


def measure_all(flags):
    """{(connections, bytes): [round, ...]}."""
    order = random.Random(flags.seed)
    patience = machine.Patience(flags.patience_seconds)
    points = {}
    for connections in flags.connections:
        for message_bytes in flags.bytes:
            points[connections, message_bytes] = measure_rounds(
                f"echo, {connections} x {message_bytes}", flags.rounds, flags.servers, order, patience,
                lambda name, of=(connections, message_bytes): measure(flags, name, *of))
    print(file=sys.stderr)
    return points


def compared(flags):
    """(server, yardstick) for each comparison: all with the one that was asked for, or corering with every other, or the two that are
    written by hand with each other."""
    if flags.against:
        return [(name, flags.against) for name in flags.servers if name != flags.against]
    if "corering" in flags.servers:
        return [("corering", name) for name in flags.servers if name != "corering"]
    return [("liburing", "epoll")] if {"epoll", "liburing"} <= set(flags.servers) else []


def cpu(measured, name):
    return measured[name]["server_cpu_us_per_message"]


def text_of(flags, points, environment):
    comparisons = compared(flags)

    def rows(cells_of):
        return [[f"{connections} x {message_bytes}", *cells_of(rounds)] for (connections, message_bytes), rounds in points.items()]

    def medians(key, scale=1.0, digits=0):
        return rows(lambda rounds: [f"{statistics.median(measured[name][key] for measured in rounds) * scale:,.{digits}f}"
                                    for name in flags.servers])

    def cpu_cells(rounds):
        cells = [report.spread([cpu(measured, name) for measured in rounds], 2) for name in flags.servers]
        # Against each, not against the better of the two in each round: the smaller of two noisy figures is too small.
        return cells + [report.spread([cpu(measured, name) / cpu(measured, yardstick) for measured in rounds], 3)
                        for name, yardstick in comparisons]

    head = ["connections x bytes", *flags.servers]
    ratios = [f"{name} / {yardstick}, per round" for name, yardstick in comparisons]
    text = f"Server CPU, microseconds per message: median of {flags.rounds} rounds (min–max).\n\n"
    text += report.table(head + ratios, rows(cpu_cells))
    for title, key, scale, digits in (("Messages per second, median.", "messages_per_s", 1, 0),
                                      ("Latency, microseconds, median of the rounds' medians.", "p50_us", 1, 0),
                                      ("Latency, microseconds, median of the rounds' p99.", "p99_us", 1, 0),
                                      ("Latency, microseconds, median of the rounds' p99.9.", "p99_9_us", 1, 0),
                                      ("Resident memory of the server at the end, MiB.", "resident_bytes", 2.0 ** -20, 1)):
        text += f"\n{title}\n\n" + report.table(head, medians(key, scale, digits))
    return text + "\n" + disturbed_line(points.values()) + report.listing(environment)


def draw(flags, points, results):
    for message_bytes in flags.bytes:
        series = {name: [(connections, statistics.median(cpu(measured, name) for measured in points[connections, message_bytes]))
                         for connections in flags.connections] for name in flags.servers}
        title = "Server CPU per message"
        subtitle = f"echo of {report.size(message_bytes)}, one message outstanding on each connection"
        svg = plot.line_chart(title, subtitle, "connections", "microseconds", series)
        results.plot(f"cpu_{message_bytes}", f"{title}: {subtitle}", svg)


def main(arguments):
    flags = parse_flags(arguments)
    machine.require_cpus()
    targets = [PLAIN_LOAD if flags.load == "plain" else SECOND_LOAD] + [SERVERS[name][0] for name in flags.servers if name in SERVERS]
    machine.build(flags.dir, targets)
    points = measure_all(flags)
    environment = machine.describe(PACKAGES, flags.command)
    text = text_of(flags, points, environment)
    print(text, end="")
    results = Results(flags.results, flags.results_name)
    if len(flags.connections) > 1:
        draw(flags, points, results)
    results.write(text, {"environment": environment, "points": [
        {"connections": connections, "bytes": message_bytes, "rounds": rounds} for (connections, message_bytes), rounds in points.items()]})
