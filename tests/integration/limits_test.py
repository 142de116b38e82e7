"""What a running server does at its limits: connections, descriptors, idle time."""

import resource
import time

import client
import server
import tap_main

# Below what any process has open: no new descriptor can be had, those that are open stay.
NO_NEW_DESCRIPTORS = 3


class ConnectionLimitTest(server.ServerTest):
    def test_clients_beyond_the_limit_wait_their_turn(self):
        echo = self.start('--max_connections=10', '--cores=1')
        talkers = [self.connect(echo) for _ in range(20)]
        for number, talker in enumerate(talkers):
            talker.sendall(b'%08d' % number)
        self.assertEqual(client.answered(talkers, 1), set(range(10)))
        counters = echo.counters()
        self.assertEqual((counters['accepted'], counters['closed']), (10, 0))
        self.leave(talkers, range(0, 5))
        self.assertEqual(client.answered(talkers[5:], 1), set(range(10)), 'five more, and no more than five')
        self.leave(talkers, range(5, 15))
        self.assertEqual(client.answered(talkers[15:], 5), set(range(5)))
        self.leave(talkers, range(15, 20))
        counters = self.check_clean_exit(echo.stop())
        self.assertEqual(counters['accepted'], 20)

    def leave(self, talkers, numbers):
        for number in numbers:
            self.assertEqual(client.receive(talkers[number], 8), b'%08d' % number)
            talkers[number].close()

    def test_many_turns_at_the_limit(self):
        echo = self.start('--max_connections=2', '--cores=1')
        for _ in range(50):
            talkers = [echo.connect() for _ in range(6)]
            for talker in talkers:
                talker.sendall(b'12345678')
            for talker in talkers:
                self.assertEqual(client.receive(talker, 8), b'12345678')
                talker.close()
        counters = self.check_clean_exit(echo.stop())
        self.assertEqual(counters['accepted'], 300)

    def test_ends_cleanly_with_clients_still_waiting(self):
        echo = self.start('--max_connections=2', '--cores=1')
        talkers = [self.connect(echo) for _ in range(6)]
        for talker in talkers:
            talker.sendall(b'12345678')
        self.assertEqual(client.answered(talkers, 0.5), {0, 1})
        counters = self.check_clean_exit(echo.stop())
        self.assertEqual(counters['accepted'], 2)
        for talker in talkers[:2]:
            self.assertEqual(client.receive_to_end(talker), (b'12345678', 'end'))


class DescriptorShortageTest(server.ServerTest):
    def check_shortage(self, echo, old, make_pending):
        """Takes the server's descriptors away for two seconds, in which make_pending() connects clients."""
        limits = resource.prlimit(echo.pid, resource.RLIMIT_NOFILE, (NO_NEW_DESCRIPTORS, self.hard_limit(echo)))
        pending = make_pending()
        cpu_seconds = echo.cpu_seconds()
        for talker in pending:
            talker.sendall(b'pending!')
        end = time.monotonic() + 2
        while time.monotonic() < end:
            for talker in old:
                self.assertEqual(client.exchange(talker, b'old one', timeout_s=2), b'old one')
            time.sleep(0.05)
        cpu_seconds = echo.cpu_seconds() - cpu_seconds
        served = len(client.answered(pending, 0.01))
        tap_main.say(f'{served} of {len(pending)} were served during the shortage, {cpu_seconds:.2f} s of CPU in 2 s')
        self.assertLess(cpu_seconds, 1, 'the server spins while it has no descriptors')
        resource.prlimit(echo.pid, resource.RLIMIT_NOFILE, limits)
        self.assertEqual(len(client.answered(pending, 5)), len(pending), 'served once there are descriptors again')
        for talker in pending:
            self.assertEqual(client.receive(talker, 8), b'pending!')
        for talker in [*old, *pending]:
            self.assertEqual(client.exchange(talker, b'after it'), b'after it')
            talker.close()
        self.check_clean_exit(echo.stop())

    @staticmethod
    def hard_limit(echo):
        return resource.prlimit(echo.pid, resource.RLIMIT_NOFILE)[1]

    def test_new_clients(self):
        echo = self.start('--max_connections=100', '--cores=1')
        old = [self.connect(echo) for _ in range(5)]
        for talker in old:
            client.exchange(talker, b'hello')
        self.check_shortage(echo, old, lambda: [self.connect(echo) for _ in range(5)])

    def test_new_clients_when_accept_is_armed_anew(self):
        # io_uring takes the descriptor limit down when an accept is armed. Leaving the connection limit arms it anew.
        echo = self.start('--max_connections=10', '--cores=1')
        old = [self.connect(echo) for _ in range(10)]
        for talker in old:
            client.exchange(talker, b'hello')

        def replace_half():
            for talker in old[5:]:
                talker.close()
            del old[5:]
            server.wait_until(lambda: echo.counters()['closed'] == 5, 5, 'five closed connections')
            return [self.connect(echo) for _ in range(5)]
        self.check_shortage(echo, old, replace_half)


class IdleTimeoutTest(server.ServerTest):
    def check_idle(self, *flags):
        echo = self.start('--idle_timeout_s=1', *flags)
        silent, once, active = (self.connect(echo) for _ in range(3))
        self.assertEqual(client.exchange(once, b'once'), b'once')
        start = time.monotonic()
        ended = {}
        while (now := time.monotonic() - start) < 4:
            self.assertEqual(client.exchange(active, b'active'), b'active')
            for name, talker in (('silent', silent), ('once', once)):
                if name not in ended and client.answered([talker], 0.02):
                    self.assertEqual(client.receive_to_end(talker), (b'', 'end'))
                    ended[name] = now
        tap_main.say(f'ended after seconds: {ended}')
        self.assertEqual(set(ended), {'silent', 'once'})
        for name, seconds in ended.items():
            self.assertTrue(0.9 <= seconds <= 3, f'{name} was closed after {seconds:.2f} s')
        counters = self.check_clean_exit(echo.stop())
        self.assertEqual(counters['accepted'], 3)

    def test_session_handler(self):
        self.check_idle('--handler=session')

    def test_coroutine_handler(self):
        self.check_idle('--handler=coroutine')


if __name__ == '__main__':
    tap_main.main()
