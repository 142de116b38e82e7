"""Layout and wording that no compiler checks: sizes, blanks, forbidden words, and what prose says about the tree."""

import os
import re

import tree

import tap_main

LINES_MAX = 400
COLUMNS_MAX = 140

SOURCES = tree.files('.h', '.cc', '.c')
CODE = [path for path in tree.files() if tree.is_code(path)]
PROSE = tree.files('.md')

# The words are cut in two so that this file does not offend.
UNFINISHED = re.compile(r'\b(TO' r'DO|FIX' r'ME|X' r'XX)\b|\b(stu' r'b|placeh' r'older)(s|bed)?\b', re.IGNORECASE)
MACHINE_PATH = re.compile(r'(?<![\w.~>)])/(wor' r'k|hom' r'e|roo' r't|Users)(?![\w-])')

TOP_LEVEL = {'meson.build', 'meson_options.txt', 'lib', 'apps', 'tests', 'bench', 'tools', 'README.md', 'LICENSE'}


def offenders(paths, is_bad):
    """file:line of each line that is bad."""
    return [f'{path}:{number}' for path in paths for number, line in tree.lines(path) if is_bad(line)]


class LayoutTest(tree.StyleTest):
    def test_files_are_short(self):
        long = [f'{path}: {count}' for path in SOURCES if (count := len(tree.text(path).splitlines())) > LINES_MAX]
        self.check_none(long, f'at most {LINES_MAX} lines; over it, look for the second noun')

    def test_lines_of_code_are_short(self):
        self.check_none(offenders(CODE, lambda line: len(line) > COLUMNS_MAX), f'at most {COLUMNS_MAX} columns')

    def test_no_tabs(self):
        self.check_none(offenders(tree.files(), lambda line: '\t' in line), 'no tabs')

    def test_no_trailing_blanks(self):
        self.check_none(offenders(tree.files(), lambda line: line != line.rstrip()), 'no blanks at the end of a line')

    def test_files_end_with_one_newline(self):
        self.check_none([path for path in tree.files() if not re.search(r'(^|[^\n]\n)\Z', tree.text(path))], 'one newline at the end')

    def test_top_level_has_nothing_but_its_rooms(self):
        entries = {path.partition('/')[0] for path in tree.files()}
        self.check_none(sorted(entry for entry in entries - TOP_LEVEL if not entry.startswith('.')), 'everything lives in a room')

    def test_scripts_are_executable_and_nothing_else_is(self):
        self.check_none([path for path in tree.files() if os.access(tree.ROOT / path, os.X_OK) != tree.is_script(path)],
                        'executable if, and only if, it begins with #!')


class WordingTest(tree.StyleTest):
    def test_nothing_is_left_unfinished(self):
        self.check_none(offenders(tree.files(), UNFINISHED.search), 'finished, or not there')

    def test_no_paths_of_one_machine(self):
        self.check_none(offenders(tree.files(), MACHINE_PATH.search), 'no absolute path of somebody\'s machine')

    def test_library_headers_begin_with_what_they_are(self):
        begin = re.compile(r'// \S.*\n(//.*\n)*#pragma once\n')
        headers = [path for path in tree.files('.h') if path.startswith(tree.LIBRARY)]
        self.check_none([path for path in headers if not begin.match(tree.text(path))], 'a comment from line 1 to #pragma once')


def spans(path):
    """The pieces of a README that are commands, names or paths: indented or fenced lines, and what stands in backticks."""
    fenced = False
    for _, line in tree.lines(path):
        if line.startswith('```'):
            fenced = not fenced
        elif fenced or line.startswith('    '):
            yield line
        else:
            yield from re.findall(r'`([^`]+)`', line)


def found_in_prose(pattern):
    """(README, match) for every match in its spans, without repetition."""
    return sorted({(path, match) for path in PROSE for span in spans(path) for match in re.findall(pattern, span)})


def defined_in(folder, name):
    """Whether a meson.build in or below the folder defines something of that name."""
    return any(f"'{name}'" in tree.text(path) for path in tree.files('meson.build') if path.startswith(folder))


class ProseTest(tree.StyleTest):
    def test_links_lead_somewhere(self):
        dead = []
        for path in PROSE:
            for target in re.findall(r'\]\(([^)#\s]+)', tree.text(path)):
                if '://' not in target and not tree.exists(os.path.join(os.path.dirname(path), target)):
                    dead.append(f'{path}: {target}')
        self.check_none(dead, 'links lead to files')

    def test_named_files_exist(self):
        named = found_in_prose(r'(?<![\w./-])((?:lib|apps|tests|bench|tools)/[\w./-]*[\w/])')
        dead = [f'{path}: {name}' for path, name in named
                if not tree.exists(name) and not tree.exists(os.path.join(os.path.dirname(path), name))]
        self.check_none(dead, 'commands and files that prose names exist')

    def test_named_programs_are_built(self):
        paths = found_in_prose(r'(?<![\w./-])build[\w-]*/((?:apps|tests|bench)/[\w./-]*\w)')
        names = found_in_prose(r'(?<![\w./-])(corering-[\w-]+\w)')
        dead = [f'{path}: {name}' for path, name in paths if not defined_in(os.path.dirname(name), os.path.basename(name))]
        dead += [f'{path}: {name}' for path, name in names if not defined_in('', name)]
        self.check_none(dead, 'programs that prose names are built')

    def test_named_suites_have_tests(self):
        suites = {suite for path in tree.files('meson.build') for suite in re.findall(r"suite : '(\w+)'", tree.text(path))}
        self.check_none([match for match in found_in_prose(r'--suite[= ](\w+)') if match[1] not in suites], 'suites exist')


class UnitTestsTest(tree.StyleTest):
    UNIT = 'tests/unit/'
    MIRRORED = (tree.LIBRARY, 'apps')

    def test_each_mirrors_a_header(self):
        tests = [path for path in tree.files('_test.cc') if path.startswith(self.UNIT)]
        headers = {path: path.removeprefix(self.UNIT).removesuffix('_test.cc') + '.h' for path in tests}
        self.check_none([path for path, header in headers.items() if not any(tree.exists(f'{top}/{header}') for top in self.MIRRORED)],
                        'tests/unit mirrors the library and the apps')

    def test_each_is_built(self):
        build = tree.text(self.UNIT + 'meson.build')
        files = [path for path in tree.files('.cc') if path.startswith(self.UNIT)]
        self.check_none([path for path in files if f"'{os.path.basename(path)}'" not in build],
                        f'{self.UNIT}meson.build names every file; one that it does not know would pass for ever')


if __name__ == '__main__':
    tap_main.main()
