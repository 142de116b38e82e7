"""A server process under test: start it, talk to it, read its counters, end it.

The server's output goes to files, not pipes: nothing has to be read while a test runs, no thread is needed, and a line
that the server forgot to flush stays invisible, as it would in a service manager's log.
"""

import collections
import ctypes
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import client
import tap_main

START_TIMEOUT_S = 10
PR_SET_PDEATHSIG = 1
# Sanitized servers are slow: so many times all time limits.
PATIENCE = int(os.environ.get('CORERING_PATIENCE', 1))

Exit = collections.namedtuple('Exit', 'code seconds stdout stderr')


def program(name):
    """The path of a program under test: an argument with that file name, or the environment, e.g. ECHO_TORTURE."""
    variable = name.upper().replace('-', '_')
    for path in [*sys.argv[1:], os.environ.get(variable, '')]:
        if os.path.basename(path) == name:
            return os.path.abspath(path)
    raise RuntimeError(f'where is {name}? Give its path as an argument or in {variable}')


def lines_of(path):
    """The whole ones: a line that is still being written has no end."""
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read().split('\n')[:-1]


def wait_until(condition, timeout_s, what):
    """The first true value of condition(), or AssertionError after timeout_s."""
    end = time.monotonic() + timeout_s * PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f'not within {timeout_s} s: {what}')
        time.sleep(0.005)
    return value


def parse_counters(line):
    return {key: int(value) for key, value in re.findall(r'(\w+)=(\d+)', line)}


def raise_descriptor_limit():
    """Lets this process and its children open as many files as the hard limit allows; returns that limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Server:
    """Starts the server and waits for its line. AssertionError if the line does not come.

    port 0 lets the kernel choose; unix_socket is listened on as well, and then connect() uses it instead of the port.
    nofile is (soft, hard) of RLIMIT_NOFILE; wrapper is a command that executes the server's command.
    """

    NAME = 'corering-echo'

    def __init__(self, *flags, unix_socket=None, port=0, nofile=None, wrapper=()):
        self.unix_socket = unix_socket
        place = [f'--port={port}'] + ([f'--unix_socket={unix_socket}'] if unix_socket else [])
        self._folder = tempfile.TemporaryDirectory(prefix='corering_')
        self._stdout_path = os.path.join(self._folder.name, 'stdout')
        self._stderr_path = os.path.join(self._folder.name, 'stderr')
        with open(self._stdout_path, 'wb') as stdout, open(self._stderr_path, 'wb') as stderr:
            self.process = subprocess.Popen([*wrapper, program(self.NAME), *place, *flags], stdin=subprocess.DEVNULL,
                                            stdout=stdout, stderr=stderr, preexec_fn=lambda: self._prepare(nofile))
        self.pid = self.process.pid

    @staticmethod
    def _prepare(nofile):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # no server outlives a killed test
        if nofile:
            resource.setrlimit(resource.RLIMIT_NOFILE, nofile)

    def wait_ready(self):
        wait_until(lambda: self.stdout() or self.process.poll() is not None, START_TIMEOUT_S, 'the listening line')
        found = re.match(self.NAME + r': listening on (\S+)', (self.stdout() or [''])[0])
        if not found:
            raise AssertionError(f'no listening line; code {self.process.poll()}, {self.stdout()}, {self.stderr()}')
        self.place = found[1]
        return self

    @property
    def port(self):
        return int(self.place.rpartition(':')[2])

    def stdout(self):
        return lines_of(self._stdout_path)

    def stderr(self):
        return lines_of(self._stderr_path)

    def connect(self, receive_buffer_bytes=None, timeout_s=10):
        client = socket.socket(socket.AF_UNIX if self.unix_socket else socket.AF_INET)
        if receive_buffer_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        client.settimeout(timeout_s * PATIENCE)
        if self.unix_socket:
            client.connect(self.unix_socket)
        else:
            client.connect(('127.0.0.1', self.port))
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def counters(self):
        """Asks by SIGUSR1 and returns the answer."""
        def answers():
            return [line for line in self.stderr() if line.startswith(self.NAME + ': counters:')]
        known = len(answers())
        self.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: len(answers()) > known, 5, 'an answer to SIGUSR1')
        return parse_counters(answers()[-1])

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, timeout_s):
        start = time.monotonic()
        try:
            code = self.process.wait(timeout_s * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'the server still runs after {timeout_s} s; stderr {self.stderr()[-3:]}') from None
        return Exit(code, time.monotonic() - start, self.stdout(), self.stderr())

    def stop(self, number=signal.SIGTERM, timeout_s=15):
        self.send_signal(number)
        return self.wait_exit(timeout_s)

    def kill(self):
        """For cleanup: ends the process whatever its state and removes its files. May be called twice."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()

    def _status_bytes(self, field):
        for line in lines_of(f'/proc/{self.pid}/status'):
            if line.startswith(field + ':'):
                return int(line.split()[1]) * 1024
        raise AssertionError(f'{field} is not in /proc/{self.pid}/status')

    def rss_bytes(self):
        return self._status_bytes('VmRSS')

    def cpu_seconds(self):
        fields = lines_of(f'/proc/{self.pid}/stat')[0].rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def descriptor_count(self):
        return len(os.listdir(f'/proc/{self.pid}/fd'))


class ServerTest(unittest.TestCase):
    """Base of all tests here: bounded in time, and no process outlives a test."""

    timeout_s = 60
    server_class = Server

    def setUp(self):
        def on_alarm(_number, _frame):
            raise TimeoutError(f'the test took longer than {self.timeout_s} s')
        signal.signal(signal.SIGALRM, on_alarm)
        signal.alarm(self.timeout_s * PATIENCE)
        self.addCleanup(signal.alarm, 0)

    def start(self, *flags, **how):
        server = self.server_class(*flags, **how)
        self.addCleanup(server.kill)
        return server.wait_ready()

    def refused(self, *flags, **how):
        """Runs a server that should refuse to start; returns its Exit."""
        server = self.server_class(*flags, **how)
        self.addCleanup(server.kill)
        return server.wait_exit(START_TIMEOUT_S)

    def temporary_path(self, name):
        folder = tempfile.TemporaryDirectory(prefix='corering_')
        self.addCleanup(folder.cleanup)
        return os.path.join(folder.name, name)

    def keep(self, client):
        """Closes the socket at the end of the test."""
        self.addCleanup(client.close)
        return client

    def connect(self, server, **how):
        return self.keep(server.connect(**how))

    def send_until_replies_queue(self, echo, talker, limit_bytes=16 << 20):
        """Sends in small steps, reading nothing, until the server has received all of it but can no longer send it all
        back, because the kernel's buffers are full. Returns what was sent. Needs a server without other clients."""
        data = client.payload(limit_bytes)
        step = 16 << 10
        before = echo.counters()
        for sent in range(step, limit_bytes, step):
            talker.sendall(data[sent - step:sent])
            wait_until(lambda: echo.counters()['received_bytes'] - before['received_bytes'] == sent, 5, f'{sent} received')
            if echo.counters()['sent_bytes'] - before['sent_bytes'] < sent:
                time.sleep(0.2)
                if (sent_back := echo.counters()['sent_bytes'] - before['sent_bytes']) < sent:
                    tap_main.say(f'{sent} bytes received, {sent_back} of them sent back')
                    return data[:sent]
        return self.skipTest(f'{limit_bytes} bytes of replies fit into the buffers of this kernel')

    def start_program(self, *command, **how):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def check_refusal(self, exit_, code, *needles):
        """That the server ended with the code and exactly one line on stderr, which contains all needles."""
        self.assertEqual(exit_.code, code, exit_)
        self.assertEqual(len(exit_.stderr), 1, exit_.stderr)
        self.assertFalse([line for line in exit_.stdout if 'listening' in line], exit_.stdout)
        for needle in needles:
            self.assertIn(needle, exit_.stderr[0])

    def check_clean_exit(self, exit_):
        """That the server stopped with code 0 and counters that add up; returns the counters."""
        self.assertEqual(exit_.code, 0, exit_.stderr[-3:])
        self.assertTrue(exit_.stderr and exit_.stderr[-1].startswith(self.server_class.NAME + ': stopped: '), exit_.stderr[-3:])
        counters = parse_counters(exit_.stderr[-1])
        self.assertEqual(counters['accepted'], counters['closed'], exit_.stderr[-1])
        self.assertEqual(counters['chunks_home'], counters['chunks_total'], exit_.stderr[-1])
        self.assertEqual(counters['small_chunks_home'], counters['small_chunks_total'], exit_.stderr[-1])
        return counters
