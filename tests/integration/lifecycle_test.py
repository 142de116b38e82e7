"""From the first line on stdout to the last on stderr: a server starts, echoes, answers signals and ends cleanly."""

import re
import signal
import socket
import time

import client
import server
import tap_main

SIZES = (1, 2, 64, 4095, 4096, 4097, 65536, 1_048_577)


class LifecycleTest(server.ServerTest):
    def check_life(self, *flags, stop_signal=signal.SIGTERM, **how):
        """Start, several echoes on several connections, one of them still open at the signal, clean end."""
        echo = self.start(*flags, **how)
        idle = self.connect(echo)
        total = 0
        for seed in range(5):
            with echo.connect() as talker:
                for size in SIZES:
                    data = client.payload(size, seed)
                    self.assertTrue(client.exchange(talker, data) == data, f'{size} bytes came back changed')
                    total += size
        self.assertEqual(client.exchange(idle, b'idle from now on'), b'idle from now on')
        total += len(b'idle from now on')
        echo.send_signal(stop_signal)
        self.assertEqual(client.receive_to_end(idle), (b'', 'end'))
        counters = self.check_clean_exit(echo.wait_exit(15))
        self.assertEqual(counters['accepted'], 6)
        self.assertEqual((counters['received_bytes'], counters['sent_bytes']), (total, total))
        return echo

    def test_ends_on_sigterm(self):
        self.check_life()

    def test_ends_on_sigint(self):
        self.check_life(stop_signal=signal.SIGINT)

    def test_unix_socket(self):
        path = self.temporary_path('echo.sock')
        echo = self.check_life(unix_socket=path)
        self.assertIn(path, echo.stdout()[0])

    def test_session_handler(self):
        self.check_life('--handler=session')

    def test_coroutine_handler(self):
        self.check_life('--handler=coroutine')

    def test_coroutine_handler_on_a_unix_socket(self):
        self.check_life('--handler=coroutine', unix_socket=self.temporary_path('echo.sock'))

    def test_one_core(self):
        self.check_life('--cores=1')

    def test_two_cores(self):
        self.check_life('--cores=2')

    def test_all_cores(self):
        self.check_life('--cores=0')

    def test_ends_without_ever_having_had_a_client(self):
        counters = self.check_clean_exit(self.start().stop())
        self.assertEqual((counters['accepted'], counters['received_bytes']), (0, 0))

    def test_says_where_it_listens_and_little_more(self):
        echo = self.start()
        self.assertTrue(re.fullmatch(r'127\.0\.0\.1:\d+', echo.place), echo.place)
        exit_ = echo.stop()
        self.assertTrue(all(line.startswith('try: ') for line in exit_.stdout[1:]), exit_.stdout)
        self.assertLessEqual(len(exit_.stdout), 2)

    def test_counters_on_sigusr1(self):
        echo = self.start()
        talker = self.connect(echo)
        for messages in range(1, 4):
            client.exchange(talker, b'12345678')
            counters = echo.counters()
            self.assertEqual((counters['accepted'], counters['closed']), (1, 0))
            self.assertEqual(counters['received_bytes'], 8 * messages)
        final = self.check_clean_exit(echo.stop())
        self.assertLessEqual(set(counters), set(final))

    def test_half_close_after_the_echo_gets_the_end(self):
        echo = self.start()
        talker = self.connect(echo)
        self.assertEqual(client.exchange(talker, b'last words'), b'last words')
        talker.shutdown(socket.SHUT_WR)
        self.assertEqual(client.receive_to_end(talker), (b'', 'end'))
        self.check_clean_exit(echo.stop())

    def test_half_close_before_the_echo_gets_everything_then_the_end(self):
        for handler in ('session', 'coroutine'):
            echo = self.start(f'--handler={handler}')
            for size in (0, 1, 200_000, 4_000_000):
                with self.subTest(handler=handler, size=size):
                    data = client.payload(size)
                    talker = self.connect(echo, receive_buffer_bytes=4096)
                    received = client.send_reading_little(talker, data)
                    self.check_end(talker, data[len(received):])
            self.check_clean_exit(echo.stop())

    def test_half_close_while_replies_are_still_in_the_server(self):
        for handler in ('session', 'coroutine'):
            with self.subTest(handler=handler):
                echo = self.start(f'--handler={handler}')
                talker = self.connect(echo, receive_buffer_bytes=4096)
                self.check_end(talker, self.send_until_replies_queue(echo, talker))
                self.check_clean_exit(echo.stop())

    def check_end(self, talker, data):
        talker.shutdown(socket.SHUT_WR)
        time.sleep(0.1)  # the end reaches the server before anything is read
        received, ending = client.receive_to_end(talker)
        self.assertEqual((len(received), ending), (len(data), 'end'))
        self.assertTrue(received == data, 'wrong bytes')


if __name__ == '__main__':
    tap_main.main()
