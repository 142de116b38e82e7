"""Every room includes only what lib/corering/include_table.txt allows it, and nothing that does not exist."""

import os

import tree

import tap_main

TABLE = tree.LIBRARY + '/include_table.txt'
TOWERS = ('apps', 'tests', 'bench')
SOURCES = [path for path in tree.files('.h', '.cc') if path.startswith((tree.LIBRARY, *TOWERS))]


def read_table():
    """({room or part: rooms}, {start of an external header: places})"""
    rooms, external = {}, {}
    for _, line in tree.lines(TABLE):
        line = line.partition('#')[0].strip()
        if line:
            key, _, values = line.partition(':')
            (external if key.startswith('<') else rooms)[key.removeprefix('<')] = set(values.split())
    return rooms, external


ROOMS, EXTERNAL = read_table()


def longest_start(keys, text):
    """The longest key that the text starts with, or None."""
    return max((key for key in keys if text.startswith(key)), key=len, default=None)


def allowed_rooms(path):
    part = longest_start([key for key in ROOMS if '/' in key], tree.part_of(path))
    room = tree.room_of(path)
    return ROOMS.get(part, set()) | ROOMS[room] | {room}


def folders_of(path):
    """The folders that the path lies in, innermost first."""
    while path := os.path.dirname(path):
        yield path


def target_of(path, name):
    """The file that `#include "name"` in `path` means, or None."""
    roots = ['lib'] if path.startswith('lib/') else ['lib', 'apps', *folders_of(path)]
    targets = (os.path.normpath(os.path.join(folder, name)) for folder in roots)
    return next(filter(tree.exists, targets), None)


def check_own(path, name):
    """What is wrong with `#include "name"`, or None."""
    target = target_of(path, name)
    if not target:
        return 'there is no such file (the library is included from its root: "corering/...")'
    if path.startswith('apps/') and not target.startswith((tree.LIBRARY, 'apps/')):
        return 'apps include what is installed, and their own'
    room = tree.room_of(target)
    if room not in allowed_rooms(path):
        return f'{tree.room_of(path)} may not include {room}'
    return None


def check_external(path, name):
    """What is wrong with `#include <name>`, or None."""
    if name.startswith('corering/'):
        return 'our own headers are included with quotes'
    places = EXTERNAL.get(longest_start(EXTERNAL, name))
    if places is None or tree.room_of(path) in places or tree.part_of(path) in places:
        return None
    return f'only {" and ".join(sorted(places))} may include it'


def violations(paths):
    found = []
    for path in paths:
        for number, bracket, name in tree.includes(path):
            problem = check_own(path, name) if bracket == '"' else check_external(path, name)
            if problem:
                found.append(f'{path}:{number}: {name}: {problem}')
    return found


def reach(room, seen=()):
    """All rooms that a room may include, directly or not. A circle comes back to the room."""
    return set().union(*({other} | reach(other, (*seen, other)) for other in ROOMS.get(room, ()) if other not in seen))


class TableTest(tree.StyleTest):
    def test_every_room_has_a_line(self):
        self.check_none(sorted({tree.room_of(path) for path in SOURCES} - ROOMS.keys()), f'each room has a line in {TABLE}')

    def test_no_room_includes_itself_through_others(self):
        self.check_none([room for room in ROOMS if room in reach(room)], 'rooms form no circle')

    def test_allowed_rooms_are_rooms(self):
        self.check_none(sorted(set().union(*ROOMS.values()) - ROOMS.keys()), 'what is allowed is a room')

    def test_places_of_external_headers_exist(self):
        places = set().union(*EXTERNAL.values()) - ROOMS.keys()
        self.check_none([place for place in places if not tree.exists(f'{tree.LIBRARY}/{place}')], 'a place is a room or a file')

    def test_headers_have_a_pragma_once(self):
        headers = [path for path in SOURCES if path.endswith('.h') and not path.startswith('bench/')]
        self.check_none([path for path in headers if '\n#pragma once\n' not in tree.text(path)], 'headers have a #pragma once')


class IncludeTest(tree.StyleTest):
    """One test per room, made below."""


def add_room_test(room):
    paths = [path for path in SOURCES if tree.room_of(path) == room]

    def test(self):
        self.check_none(violations(paths), f'includes keep to {TABLE}')

    setattr(IncludeTest, f'test_{room}', test)


for each in sorted({tree.room_of(path) for path in SOURCES} & ROOMS.keys()):
    add_room_test(each)

if __name__ == '__main__':
    tap_main.main()
