"""The project's files as the style tests see them: paths relative to the top, read as text."""

import functools
import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = 'lib/corering'

# The TAP runner of the integration tests serves the style tests as well.
sys.path.insert(0, str(ROOT / 'tests' / 'integration'))

# What .gitignore names, git's own, and input data of tests, which is as it is.
IGNORED_FOLDERS = re.compile(r'build.*|__pycache__|\.cache|\.git|corpus')


class StyleTest(unittest.TestCase):
    def check_none(self, offenders, rule):
        """Fails with a line for each offender."""
        if offenders:
            self.fail('\n'.join([f'{len(offenders)} offend: {rule}', *map(str, offenders)]))


@functools.cache
def files(*suffixes):
    """All files of the project, or those whose names end in one of the suffixes, sorted."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not IGNORED_FOLDERS.fullmatch(name)]
        found += [(pathlib.Path(folder) / name).relative_to(ROOT).as_posix() for name in names]
    return sorted(path for path in found if not suffixes or path.endswith(suffixes))


@functools.cache
def text(path):
    return (ROOT / path).read_text(encoding='utf-8')


def lines(path):
    """(line number, line) from 1."""
    return enumerate(text(path).splitlines(), 1)


def exists(path):
    return (ROOT / path).exists()


def is_code(path):
    return path.endswith(('.h', '.cc', '.c', '.py', '.sh', 'meson.build')) or is_script(path)


def is_script(path):
    return not path.endswith(('.h', '.cc', '.c', '.md', '.txt')) and text(path).startswith('#!')


def room_of(path):
    """The room or tower that a file belongs to, e.g. 'net' or 'apps'."""
    parts = path.split('/')
    return parts[2] if path.startswith(LIBRARY + '/') else parts[0]


def part_of(path):
    """The file within its room, e.g. 'base/intrusive.h'; of a tower: the path."""
    return path.removeprefix(LIBRARY + '/')


def includes(path):
    """(line number, bracket, name) of every #include, e.g. (3, '"', 'corering/base/log.h')."""
    for number, line in lines(path):
        if found := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
            yield number, found[1], found[2]
