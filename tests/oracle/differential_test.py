"""The same random commands to an oracle and to our server, replies compared.

    differential_test.py redis|memcached SERVER [--commands N] [--seed S]

SERVER is the harness around the handlers (handler_server), or with --socket PATH whatever listens there already. Prints the seed; a
difference prints the commands on its keys, and ends the test. Exit code 77 (skipped) where the oracle is not installed.
"""
import argparse
import os
import random
import shutil
import sys

from memcached_commands import MemcachedCommands, MemcachedConnection
from peers import Peer, RespConnection
from redis_commands import RedisCommands

BATCH = 50
ORACLES = {
    'redis': ['redis-server', '--port', '0', '--unixsocket', '{socket}', '--dir', '{folder}', '--save', '', '--appendonly', 'no',
              '--enable-debug-command', 'yes'],
    'memcached': ['memcached', '-s', '{socket}', '-m', '256', '-t', '1', '-u', 'root', '-I', '8m',
                  '-o', 'no_lru_maintainer,no_lru_crawler'],
}


class Socket:
    """Somebody else's server."""

    def __init__(self, path):
        self.path = path
        self.process = None

    connect = Peer.connect

    def stop(self):
        return 0


def run(kind, ours, theirs, count, seed):
    chooser = random.Random(seed)
    connection = RespConnection if kind == 'redis' else MemcachedConnection
    mine, other = connection(ours.connect()), connection(theirs.connect())
    commands = RedisCommands(chooser) if kind == 'redis' else MemcachedCommands(chooser)
    commands.setup(mine.ask, other.ask)
    history = []
    done = 0
    waiting = commands.next()
    while done < count:
        batch = [waiting]
        while not commands.needs_pause_before(waiting := commands.next()) and len(batch) < BATCH:
            batch.append(waiting)
        mine.send(batch)
        other.send(batch)
        for words in batch:
            expected, got = other.reply(), mine.reply()
            history.append((words, expected))
            done += 1
            if not commands.same(words, expected, got):
                for line in commands.relevant(history, words)[-40:]:
                    print(repr(line)[:300])
                print(f'DIFFERENT after {done} commands with --seed {seed}\n  {words!r:.500}\n'
                      f'  expected {expected!r:.500}\n  got      {got!r:.500}')
                return 1
        history = history[-2000:]
    print(f'{done} commands of {kind}: no difference')
    return 0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('kind', choices=sorted(ORACLES))
    arguments.add_argument('server', nargs='?')
    arguments.add_argument('--socket')
    arguments.add_argument('--commands', type=int, default=20_000)
    arguments.add_argument('--seed', type=int, default=int(os.environ.get('CORERING_SEED', random.randrange(1 << 32))))
    options = arguments.parse_args()
    if shutil.which(ORACLES[options.kind][0]) is None:
        print(f'{ORACLES[options.kind][0]} is not installed')
        return 77
    print(f'reproduce with CORERING_SEED={options.seed}')
    ours = Socket(options.socket) if options.socket else Peer([options.server, '{socket}', options.kind], stderr=None)
    theirs = Peer(ORACLES[options.kind])
    code = 1
    try:
        code = run(options.kind, ours, theirs, options.commands, options.seed)
    finally:
        theirs.stop()
        # Sanitizers tell of leaks at the end.
        if (ours_code := ours.stop()) != 0:
            print(f'our server has ended with {ours_code}')
            code = 1
    return code


if __name__ == '__main__':
    sys.exit(main())
