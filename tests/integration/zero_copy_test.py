"""--zero_copy on a real kernel: over loopback, over a Unix socket, and over a pair of virtual Ethernet devices, where the peer has
another address and only the kernel's reports say that it copies."""

import ctypes
import os
import subprocess
import time

import client
import server
import tap_main

CLONE_NEWNET = 0x40000000
SERVER_ADDRESS, CLIENT_ADDRESS = '10.213.0.1', '10.213.0.2'

MESSAGE = client.payload(64 << 10)
COPIED_MAX = 16  # net::ZeroCopyTrial::kCopiedMax
PROBE_INTERVAL_S = 10  # net::ZeroCopyTrial::kProbeIntervalMin

LIBC = ctypes.CDLL(None, use_errno=True)


class ZeroCopyTest(server.ServerTest):
    timeout_s = 90

    def exchange(self, talker, count):
        for _ in range(count):
            talker.sendall(MESSAGE)
            self.assertEqual(client.receive(talker, len(MESSAGE)), MESSAGE)

    def settled(self, echo):
        """The counters when every zero-copy send has been reported."""
        def counters():
            now = echo.counters()
            return now if now['zero_copy_copied_sends'] == now['zero_copy_sends'] else None
        return server.wait_until(counters, 10, 'a report for each zero-copy send, that it was copied')

    def check_copied_nothing_itself(self, echo):
        self.assertEqual(self.check_clean_exit(echo.stop())['copied_bytes'], 0)


class LocalTest(ZeroCopyTest):
    def test_auto_does_not_even_try_on_loopback(self):
        echo = self.start('--zero_copy=auto')
        self.exchange(self.connect(echo), 50)
        self.assertEqual(echo.counters()['zero_copy_sends'], 0)
        self.check_copied_nothing_itself(echo)

    def test_always_is_always_and_loopback_copies(self):
        echo = self.start('--zero_copy=always')
        self.exchange(self.connect(echo), 50)
        self.assertGreaterEqual(self.settled(echo)['zero_copy_sends'], 50)
        self.check_copied_nothing_itself(echo)

    def test_never_is_never(self):
        echo = self.start('--zero_copy=never')
        self.exchange(self.connect(echo), 50)
        self.assertEqual(echo.counters()['zero_copy_sends'], 0)

    def test_unix_sockets_have_no_zero_copy(self):
        echo = self.start('--zero_copy=always', unix_socket=self.temporary_path('socket'))
        talker = self.connect(echo)
        for _ in range(50):
            self.assertEqual(client.exchange(talker, MESSAGE), MESSAGE)
        self.assertEqual(echo.counters()['zero_copy_bytes'], 0)
        self.check_copied_nothing_itself(echo)


class VethTest(ZeroCopyTest):
    """The test and the server each in a network namespace of their own, a cable between them."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest('only root makes network namespaces')
        ours = os.open('/proc/self/ns/net', os.O_RDONLY)
        self.addCleanup(os.close, ours)
        if LIBC.unshare(CLONE_NEWNET) != 0:
            self.skipTest(f'no network namespaces here: {os.strerror(ctypes.get_errno())}')
        self.addCleanup(LIBC.setns, ours, CLONE_NEWNET)
        self.keeper = self.start_program('unshare', '--net', 'sh', '-c', 'echo made; exec sleep 600')
        self.keeper.stdout.readline()
        self.inside = ('nsenter', f'--net=/proc/{self.keeper.pid}/ns/net')
        made = subprocess.run(['ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', str(self.keeper.pid)],
                              stderr=subprocess.PIPE, text=True, check=False)
        if made.returncode != 0:
            self.skipTest(f'no virtual Ethernet devices here: {made.stderr.strip()}')
        self.configure('near', CLIENT_ADDRESS)
        self.configure('far', SERVER_ADDRESS, self.inside)

    @staticmethod
    def configure(device, address, prefix=()):
        for command in (['addr', 'add', f'{address}/24', 'dev', device], ['link', 'set', device, 'up']):
            subprocess.run([*prefix, 'ip', *command], check=True)

    def start(self, *flags, **how):
        return super().start(f'--bind={SERVER_ADDRESS}', '--cores=1', *flags, wrapper=self.inside, **how)

    def connect(self, echo, **_how):
        return self.keep(client.socket.create_connection((SERVER_ADDRESS, echo.port), timeout=10))

    def test_auto_stops_within_sixteen_copied_sends_and_asks_again_later(self):
        echo = self.start('--zero_copy=auto')
        for _ in range(5):  # the connections of a listener learn from each other
            self.exchange(self.connect(echo), 20)
        tried = self.settled(echo)['zero_copy_sends']
        self.assertGreater(tried, 0)
        self.assertLessEqual(tried, COPIED_MAX)
        time.sleep(PROBE_INTERVAL_S)
        self.exchange(self.connect(echo), 20)
        self.assertEqual(self.settled(echo)['zero_copy_sends'], tried + 1, 'one send asks again')
        self.check_copied_nothing_itself(echo)

    def test_always_is_always_and_the_cable_copies(self):
        echo = self.start('--zero_copy=always')
        self.exchange(self.connect(echo), 50)
        self.assertGreaterEqual(self.settled(echo)['zero_copy_sends'], 50)


if __name__ == '__main__':
    tap_main.main()
