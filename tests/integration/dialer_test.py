"""The client side of the library against the real server: dialer and connection pool over TCP, a name and a Unix socket."""

import re
import socket

import server
import tap_main

EACH = 200
CORES = 2
ASKERS = 8  # per core: see dial_echo.cc


class DialerTest(server.ServerTest):
    def dial(self, target, each=EACH, connections=4):
        """Runs dial_echo; returns its exit code and what it said."""
        client = self.start_program(server.program('dial_echo'), target, str(each), str(connections))
        output, _ = client.communicate(timeout=60)
        return client.returncode, output.strip()

    def check_echoes(self, target, echo):
        code, output = self.dial(target)
        self.assertEqual(code, 0, output)
        echoed, connections = map(int, re.fullmatch(r'echoed (\d+) over (\d+) connections', output).groups())
        self.assertEqual(echoed, CORES * ASKERS * EACH)
        self.assertLessEqual(connections, CORES * 4, 'connections are used again')
        counters = self.check_clean_exit(echo.stop())
        self.assertEqual(counters['accepted'], connections)
        self.assertEqual(counters['peer_failures'], 0, counters)

    def test_an_address(self):
        echo = self.start('--cores=1')
        self.check_echoes(f'127.0.0.1:{echo.port}', echo)

    def test_a_name(self):
        echo = self.start('--cores=1')
        self.check_echoes(f'localhost:{echo.port}', echo)

    def test_a_unix_socket(self):
        path = self.temporary_path('echo.sock')
        echo = self.start('--cores=1', unix_socket=path)
        self.check_echoes(f'unix:{path}', echo)

    def test_nobody_listens(self):
        with socket.socket() as closed:
            closed.bind(('127.0.0.1', 0))  # and nobody else can
            port = closed.getsockname()[1]
            code, output = self.dial(f'127.0.0.1:{port}')
        self.assertEqual(code, 1)
        self.assertIn(f'connecting to 127.0.0.1:{port}: Connection refused', output)

    def test_a_name_that_does_not_exist(self):
        code, output = self.dial('no-such-host.invalid:80')
        self.assertEqual(code, 1)
        self.assertIn("looking up 'no-such-host.invalid'", output)


if __name__ == '__main__':
    tap_main.main()
