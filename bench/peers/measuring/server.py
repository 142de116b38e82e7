"""A server under measurement: started pinned, found listening, asked what it uses, ended with its block."""
import contextlib
import dataclasses
import os
import pathlib
import re
import select
import shlex
import socket
import subprocess
import sys
import tempfile
import time

from .machine import SERVER_CPU

START_SECONDS_MAX = 15
STOP_SECONDS_MAX = 15


@dataclasses.dataclass
class Usage:
    """Of all threads of a process so far: time on a CPU, time ready to run while something else had the CPU; and memory now."""
    run_ns: int
    wait_ns: int
    resident_bytes: int


def pin_to(cpus):
    """For preexec_fn."""
    return lambda: os.sched_setaffinity(0, cpus)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def usage_of(pid):
    run_ns = wait_ns = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            run, wait, _ = (task / "schedstat").read_text(encoding="ascii").split()
            run_ns, wait_ns = run_ns + int(run), wait_ns + int(wait)
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return Usage(run_ns, wait_ns, pages * os.sysconf("SC_PAGESIZE"))


class Server:
    """`command` may hold {port} and {port2}, which are filled with free ports; without them it has to print 'listening on ...:PORT'."""

    def __init__(self, name, command, cpus=frozenset({SERVER_CPU})):
        self.name = name
        self.port, self.port2 = free_port(), free_port()
        command = [str(part) for part in command]
        self._speaks = not any("{port}" in part for part in command)
        self._command = [part.format(port=self.port, port2=self.port2) for part in command]
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE if self._speaks else subprocess.DEVNULL,
                                         stderr=self._errors, text=True, preexec_fn=pin_to(cpus))

    def __enter__(self):
        try:
            self._wait_until_listening()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()

    @property
    def pid(self):
        return self._process.pid

    def usage(self):
        return usage_of(self.pid)

    def _wait_until_listening(self):
        if self._speaks:
            readable, _, _ = select.select([self._process.stdout], [], [], START_SECONDS_MAX)
            line = self._process.stdout.readline() if readable else ""
            found = re.search(r"listening (?:on [\d.]+:)?(\d+)", line)
            if found is None:
                self._fail()
            self.port = int(found.group(1))
            return
        end = time.monotonic() + START_SECONDS_MAX
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self._process.poll() is not None or time.monotonic() > end:
                self._fail()
            time.sleep(0.02)

    def _fail(self):
        self._errors.seek(0)
        sys.exit(f"bench/peers/run: {self.name} did not start ({shlex.join(self._command)}):\n{self._errors.read()[-2000:]}")
