"""Runs the echo_torture client against a server."""

import re
import subprocess

import server
import tap_main

WIND_DOWN_S = 75  # echo_torture bounds its own wind-down to 60 s


class TortureTest(server.ServerTest):
    """Base of the tests that set echo_torture on a server."""

    def start_torture(self, echo, *, connections, seconds, flags=()):
        server.raise_descriptor_limit()
        place = f'--unix_socket={echo.unix_socket}' if echo.unix_socket else f'--port={echo.port}'
        return self.start_program(server.program('echo_torture'), place, f'--connections={connections}',
                                  f'--seconds={seconds}', *flags)

    def finish_torture(self, torture, seconds):
        """Waits for the summary and checks it; returns its numbers."""
        try:
            output, _ = torture.communicate(timeout=seconds + WIND_DOWN_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'echo_torture still runs after {seconds} + {WIND_DOWN_S} s') from None
        tap_main.say(output)
        self.assertEqual(torture.returncode, 0, 'echo_torture found faults')
        return {key: int(value) for key, value in re.findall(r'(\w+)=(\d+)', output.splitlines()[-1])}

    def check_after_torture(self, echo, summary, descriptor_count):
        """That the server has let go of everything, ends cleanly, and its counters agree with the client's. Returns them."""
        def all_closed():
            counters = echo.counters()
            return counters['accepted'] == counters['closed']
        server.wait_until(all_closed, 10, 'accepted == closed')
        server.wait_until(lambda: echo.descriptor_count() <= descriptor_count, 5, 'no descriptors left over')
        counters = self.check_clean_exit(echo.stop())
        tap_main.say(str(counters))
        self.assertGreaterEqual(counters['accepted'], summary['connections'])
        self.assertGreaterEqual(counters['sent_bytes'], summary['verified_bytes'])
        self.assertGreaterEqual(summary['sent_bytes'], counters['received_bytes'])
        self.assertGreaterEqual(counters['received_bytes'], counters['sent_bytes'])
        return counters
