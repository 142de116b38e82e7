"""Every library header compiles alone, twice in a row, with the compiler and the flags that its room is built with.

Argument: the build folder, whose compile_commands.json says how.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys

import tree

import tap_main

JOBS = 2
HEADERS = [path for path in tree.files('.h') if path.startswith(tree.LIBRARY)]


def check_command(entry):
    """(arguments, folder) of a compile command that checks standard input instead."""
    arguments = []
    words = iter(shlex.split(entry['command']))
    for word in words:
        if word in ('-o', '-MF', '-MQ', '-c'):
            next(words)
        elif word not in ('-MD', '-fdiagnostics-color=always'):
            arguments.append(word)
    return [*arguments, '-fsyntax-only', '-x', 'c++', '-'], entry['directory']


def commands_by_room(build_folder):
    """{room: check command}. A room of headers alone is compiled like any other room."""
    commands = {}
    with open(os.path.join(build_folder, 'compile_commands.json'), encoding='utf-8') as file:
        for entry in json.load(file):
            path = os.path.relpath(os.path.join(entry['directory'], entry['file']), tree.ROOT)
            if path.startswith(tree.LIBRARY + '/'):
                commands.setdefault(tree.room_of(path), check_command(entry))
    return commands


COMMANDS = commands_by_room(sys.argv[1])


def compile_text(room, text):
    """(exit code, what the compiler says)"""
    command, folder = COMMANDS.get(room) or next(iter(COMMANDS.values()))
    result = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=60, check=False)
    return result.returncode, result.stderr


def compile_header(path):
    name = path.removeprefix('lib/')
    return compile_text(tree.room_of(path), f'#include "{name}"\n#include "{name}"\n')


class HeadersTest(tree.StyleTest):
    """One test per header, made below."""

    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            cls.results = dict(zip(HEADERS, pool.map(compile_header, HEADERS)))


def add_header_test(path):
    def test(self):
        code, message = self.results[path]
        self.assertEqual(code, 0, message[:4000])

    setattr(HeadersTest, 'test_' + tree.part_of(path), test)


for header in HEADERS:
    add_header_test(header)


class ResultTest(tree.StyleTest):
    """What base::Result exists for: the compiler refuses to ignore one."""

    PROGRAM = '#include "corering/base/result.h"\ncorering::base::Result<> open();\nvoid test() { %s open(); }\n'

    def test_an_ignored_result_is_refused(self):
        code, message = compile_text('base', self.PROGRAM % '')
        self.assertNotEqual(code, 0)
        self.assertIn('nodiscard', message)

    def test_a_result_that_is_looked_at_is_not(self):
        self.assertEqual(compile_text('base', self.PROGRAM % 'if (!open()) return; else (void)'), (0, ''))


if __name__ == '__main__':
    tap_main.main()
