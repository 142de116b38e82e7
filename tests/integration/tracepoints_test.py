"""The tracepoints that tools/trace and its table promise are in the servers' binaries, with as many arguments as they say."""

import pathlib
import re
import subprocess
import sys
import unittest

import tap_main

ROOT = pathlib.Path(__file__).resolve().parents[2]
ECHO, KV = sys.argv[1:3]
KV_ONLY = {'command_begin', 'command_end'}


def tracepoints(binary):
    """{name: number of arguments}, from the notes of the binary."""
    notes = subprocess.run(['readelf', '--notes', '--wide', binary], check=True, capture_output=True, text=True).stdout
    found = re.findall(r'Provider: corering\s+Name: (\w+)\s+Location: .*\s+Arguments: ?(.*)', notes)
    # An argument is SIZE@OPERAND; operands may hold blanks no more than assembler does.
    return {name: len(re.findall(r'-?\d@', arguments)) for name, arguments in found}


def documented():
    """{name: number of arguments}, from the table of tools/README.md."""
    rows = (ROOT / 'tools/README.md').read_text().partition('| tracepoint |')[2].partition('\n\n')[0]
    table = {}
    for names, arguments in re.findall(r'^\| (`[^|]*) \| ([^|]*) \|', rows, re.MULTILINE):
        for name in re.findall(r'`(\w+)`', names):
            table[name] = len(re.sub(r'\([^)]*\)', '', arguments).split(','))
    return table


class TracepointsTest(unittest.TestCase):
    def test_every_tracepoint_is_documented_and_every_documented_one_is_there(self):
        self.assertEqual(tracepoints(KV), documented())

    def test_the_echo_server_has_all_that_the_library_has(self):
        library = {name: count for name, count in documented().items() if name not in KV_ONLY}
        self.assertEqual(tracepoints(ECHO), library)

    def test_the_recipes_use_what_there_is(self):
        recipes = sorted((ROOT / 'tools/trace').glob('*.bt'))
        self.assertGreaterEqual(len(recipes), 4)
        known = documented()
        for recipe in recipes:
            text = recipe.read_text()
            used = re.findall(r'^usdt:\*:corering:(\w+)(.*\{(?:[^{}]|\{[^{}]*\})*\})', text, re.MULTILINE)
            self.assertTrue(used, recipe.name)
            for name, body in used:
                self.assertIn(name, known, recipe.name)
                arguments = [int(number) for number in re.findall(r'\barg(\d)', body)]
                self.assertLess(max(arguments, default=-1), known[name], f'{recipe.name}: {name}')


if __name__ == '__main__':
    tap_main.main()
