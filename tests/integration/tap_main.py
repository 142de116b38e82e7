"""Runs the calling file's unittest tests and reports each as one TAP line, so that Meson counts every test method.

Arguments that are not paths of programs (server.program) select tests by a part of their name.
"""

import os
import sys
import time
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self._number = 0
        self._faults = []

    def startTest(self, test):
        super().startTest(test)
        self._faults = []
        self._skipped = None
        self._start = time.monotonic()

    def addError(self, test, err):
        super().addError(test, err)
        self._faults.append(self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._faults.append(self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self._faults.append(f'{subtest}\n{self._exc_info_to_string(err, test)}')

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._skipped = reason

    def stopTest(self, test):
        super().stopTest(test)
        self._number += 1
        name = test.id().partition('.')[2] or test.id()
        end = f' # SKIP {self._skipped}' if self._skipped else f' ({time.monotonic() - self._start:.2f} s)'
        say('\n'.join(self._faults))
        print(f'{"not ok" if self._faults else "ok"} {self._number} - {name}{end}', flush=True)


def say(text):
    """Prints a diagnostic: lines that a TAP reader shows and does not count."""
    for line in text.splitlines():
        print(f'# {line}', flush=True)


def chosen(suite, parts):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from chosen(test, parts)
        elif not parts or any(part in test.id() for part in parts):
            yield test


def main():
    parts = [argument for argument in sys.argv[1:] if not os.path.exists(argument)]
    suite = unittest.TestSuite(chosen(unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__']), parts))
    print(f'1..{suite.countTestCases()}', flush=True)
    result = TapResult()
    suite.run(result)
    say(f'{result.testsRun} run, {len(result.failures) + len(result.errors)} faults, {len(result.skipped)} skipped')
    sys.exit(0 if result.wasSuccessful() else 1)
