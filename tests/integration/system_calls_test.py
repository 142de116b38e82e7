"""One system call per turn of the loop: a serving core calls io_uring_enter and nothing else."""

import collections
import re
import shutil
import signal
import threading
import time

import client
import server
import tap_main

CONNECTIONS = 10
MESSAGE = bytes(range(64))
TRACE_SECONDS = 2

# What tracing itself makes visible: the wait that was interrupted when strace attached.
TRACER_ARTEFACTS = {'restart_syscall'}


class SystemCallsTest(server.ServerTest):
    def check_steady_state(self, *flags):
        if not shutil.which('strace'):
            self.skipTest('strace is not installed')
        echo = self.start(*flags)
        load = SteadyLoad([self.connect(echo) for _ in range(CONNECTIONS)])
        self.addCleanup(load.stop)
        time.sleep(0.5)
        calls, messages = self.trace(echo, load)
        load.stop()
        for thread, counts in sorted(calls.items()):
            tap_main.say(f'thread {thread - echo.pid:+d}: {dict(counts)}')
        tap_main.say(f'{messages} messages')
        self.assertEqual(load.fault, None)
        self.assertGreater(messages, 200, 'there was no load')
        cores = {thread: counts for thread, counts in calls.items() if counts['io_uring_enter'] > 0}
        self.assertTrue(cores, 'no thread called io_uring_enter')
        for thread, counts in cores.items():
            self.assertEqual(set(counts) - TRACER_ARTEFACTS, {'io_uring_enter'}, f'thread {thread}')
        # A message needs at most a turn for its bytes and one for the end of its send; more is spinning.
        enters = sum(counts['io_uring_enter'] for counts in cores.values())
        self.assertLess(enters, 3 * messages + 200)
        self.check_clean_exit(echo.stop())

    def trace(self, echo, load):
        """System calls of each thread, by name, and the number of messages meanwhile."""
        path = self.temporary_path('trace')
        tracer = self.start_program('strace', '-f', '-p', str(echo.pid), '-o', path)
        notes = []
        for note in tracer.stdout:
            notes.append(note.strip())
            if 'attached' in note:
                break
        else:
            self.skipTest(f'strace cannot attach: {notes}')
        messages = load.messages
        time.sleep(TRACE_SECONDS)
        messages = load.messages - messages
        tracer.send_signal(signal.SIGINT)  # detaches
        tracer.wait(10)
        calls = collections.defaultdict(collections.Counter)
        for line in server.lines_of(path):
            if begun := re.match(r'(\d+) +(\w+)\(', line):  # not the second half of an interrupted line
                calls[int(begun[1])][begun[2]] += 1
        return calls, messages

    def test_session_handler(self):
        self.check_steady_state('--handler=session', '--cores=1')

    def test_coroutine_handler(self):
        self.check_steady_state('--handler=coroutine', '--cores=1')

    def test_two_cores(self):
        self.check_steady_state('--cores=2')


class IdleTest(server.ServerTest):
    def test_an_idle_server_sleeps(self):
        echo = self.start('--cores=2', '--idle_timeout_s=60')
        for _ in range(CONNECTIONS):
            client.exchange(self.connect(echo), MESSAGE)
        before = echo.cpu_seconds()
        time.sleep(TRACE_SECONDS)
        used = echo.cpu_seconds() - before
        tap_main.say(f'{used:.2f} s of CPU in {TRACE_SECONDS} s')
        self.assertLess(used, 0.1)


class SteadyLoad:
    """Ping-pong on all connections, in a thread: send one message on each, receive one on each, again."""

    def __init__(self, talkers):
        self.messages = 0
        self.fault = None
        self._talkers = talkers
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join()

    def _run(self):
        try:
            while not self._stopping.is_set():
                for talker in self._talkers:
                    talker.sendall(MESSAGE)
                for talker in self._talkers:
                    if client.receive(talker, len(MESSAGE)) != MESSAGE:
                        raise AssertionError('wrong bytes')
                    self.messages += 1
        except Exception as fault:  # handed to the test's thread
            self.fault = fault


if __name__ == '__main__':
    tap_main.main()
