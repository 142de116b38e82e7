"""Flags that all comparisons share."""
import argparse
import random
import shlex
import sys


def names(text):
    return text.split(",")


def numbers(text):
    return [int(number) for number in text.split(",")]


def external(text):
    name, separator, command = text.partition("=")
    if not (name and separator and command):
        raise argparse.ArgumentTypeError(f"found '{text}', need NAME=COMMAND")
    return name, shlex.split(command)


def add_common(parser, seconds):
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--seconds", type=float, default=seconds, help=f"measured per server, point and round (default: {seconds})")
    parser.add_argument("--patience_seconds", type=float, default=120,
                        help="in all, for a quiet machine and for measuring disturbed rounds again (default: 120)")
    parser.add_argument("--seed", type=int, default=None, help="of the order of servers (default: random, and printed)")
    parser.add_argument("--dir", default="build", help="build folder (default: build)")
    parser.add_argument("--results", metavar="FOLDER", help="also write the report, its plots and every measurement there")
    parser.add_argument("--external", type=external, action="append", default=[], metavar="NAME=COMMAND",
                        help="measure this server too, may be given several times; {port} in COMMAND is a free port, without it COMMAND "
                        "has to print 'listening on 127.0.0.1:PORT'")


def parse(parser, arguments):
    flags = parser.parse_args(arguments)
    flags.external = dict(flags.external)
    flags.command = shlex.join([*parser.prog.split(), *arguments])
    if flags.seed is None:
        flags.seed = random.SystemRandom().randrange(1 << 31)
        flags.command += f" --seed={flags.seed}"
    print(f"{parser.prog}: seed {flags.seed}", file=sys.stderr)
    return flags
