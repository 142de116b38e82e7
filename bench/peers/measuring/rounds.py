"""Alternation: a round measures every server once, in shuffled order; a disturbed round is measured again while patience lasts."""
import sys
import time

# A server that waits for its CPU finds more work ready when it gets it, and so looks cheaper than it is (by 40 % in the worst case seen).
DISTURBED_SHARE = 0.05  # of the window in which the server or the load could have run while something else had its CPU


def is_disturbed(measurement):
    return max(measurement["server_waited"], measurement["load_waited"]) > DISTURBED_SHARE


def measure_rounds(name, count, servers, order, patience, measure):
    """`count` rounds, each {server: what measure(server) returned}; `order` is a random generator."""
    rounds = []
    while len(rounds) < count:
        patience.wait_for_quiet()
        start = time.monotonic()
        measured = {}
        for server in order.sample(servers, len(servers)):
            measured[server] = measure(server)
            if is_disturbed(measured[server]) and patience.seconds_left > 0:
                patience.spend(time.monotonic() - start)
                break
        else:
            rounds.append({server: measured[server] for server in servers})
            print(f"\r{name}: round {len(rounds)} of {count}" + " " * 20, end="", file=sys.stderr, flush=True)
    return rounds


def disturbed_line(all_rounds):
    every = [one for rounds in all_rounds for measured in rounds for one in measured.values()]
    return (f"- Disturbed: {sum(map(is_disturbed, every))} of {len(every)} measurements (server or load could have run, but something else "
            f"had its CPU, for over {DISTURBED_SHARE:.0%} of the window)\n")
