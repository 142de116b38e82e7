"""SIGTERM under load: what the server had received is answered, then the end of the stream, in bounded time."""

import select
import signal
import socket
import threading
import time

import client
import server
import tap_main

DRAIN_TIMEOUT_S = 10
MESSAGE_BYTES = 1024
MESSAGES = 32


class DrainTest(server.ServerTest):
    def start_with_quiet_clients(self, *flags):
        """Twenty clients that have sent all their messages, which the server has received, and have read nothing."""
        echo = self.start(f'--drain_timeout_s={DRAIN_TIMEOUT_S}', *flags)
        quiet = [self.connect(echo, receive_buffer_bytes=4096) for _ in range(20)]
        for seed, talker in enumerate(quiet):
            data = client.payload(MESSAGE_BYTES * MESSAGES, seed)
            for start in range(0, len(data), MESSAGE_BYTES):
                talker.sendall(data[start:start + MESSAGE_BYTES])
        total = len(quiet) * MESSAGE_BYTES * MESSAGES
        server.wait_until(lambda: echo.counters()['received_bytes'] == total, 10, f'{total} received bytes')
        return echo, quiet

    def check_all_answered(self, quiet):
        for seed, talker in enumerate(quiet):
            received, ending = client.receive_to_end(talker)
            self.assertEqual((len(received), ending), (MESSAGE_BYTES * MESSAGES, 'end'), f'client {seed}')
            self.assertTrue(received == client.payload(MESSAGE_BYTES * MESSAGES, seed), f'client {seed}: wrong bytes')

    def check_quiet(self, *flags):
        echo, quiet = self.start_with_quiet_clients(*flags)
        echo.send_signal(signal.SIGTERM)
        time.sleep(1)  # the replies have to survive a client that reads late
        self.check_all_answered(quiet)
        counters = self.check_clean_exit(echo.wait_exit(DRAIN_TIMEOUT_S))
        self.assertEqual(counters['sent_bytes'], counters['received_bytes'])

    def test_all_received_messages_are_answered(self):
        self.check_quiet('--handler=session')

    def test_all_received_messages_are_answered_by_the_coroutine(self):
        self.check_quiet('--handler=coroutine')

    def test_all_received_messages_are_answered_by_two_cores(self):
        self.check_quiet('--cores=2')

    def test_among_clients_that_go_on_sending(self):
        echo, quiet = self.start_with_quiet_clients('--cores=2')
        crowd = BusyCrowd(echo, 20)
        self.addCleanup(crowd.stop)
        time.sleep(1)
        echo.send_signal(signal.SIGTERM)
        self.check_all_answered(quiet)
        self.check_clean_exit(echo.wait_exit(DRAIN_TIMEOUT_S + 2))
        crowd.stop()
        self.assertGreater(crowd.verified_bytes, 1_000_000, 'there was no load')
        self.assertEqual(crowd.wrong, [])

    def test_replies_that_are_still_in_the_server_leave(self):
        for handler in ('session', 'coroutine'):
            with self.subTest(handler=handler):
                echo = self.start(f'--drain_timeout_s={DRAIN_TIMEOUT_S}', f'--handler={handler}')
                talker = self.connect(echo, receive_buffer_bytes=4096)
                sent = self.send_until_replies_queue(echo, talker)
                echo.send_signal(signal.SIGTERM)
                time.sleep(0.5)  # the drain is well under way before the client reads
                received, ending = client.receive_to_end(talker)
                self.assertEqual((len(received), ending), (len(sent), 'end'))
                self.assertTrue(received == sent, 'wrong bytes')
                self.check_clean_exit(echo.wait_exit(DRAIN_TIMEOUT_S))

    def test_client_that_never_reads_delays_the_end_only_to_the_timeout(self):
        for handler in ('session', 'coroutine'):
            with self.subTest(handler=handler):
                echo = self.start('--drain_timeout_s=2', f'--handler={handler}')
                talker = self.connect(echo, receive_buffer_bytes=4096)
                sent = client.send_until_blocked(talker, 256 << 20)
                self.assertLess(sent, 256 << 20, 'the server takes in everything from a client that never reads')
                exit_ = echo.stop(timeout_s=10)
                tap_main.say(f'{sent} bytes sent, exit after {exit_.seconds:.2f} s')
                self.check_clean_exit(exit_)
                self.assertLess(exit_.seconds, 3.5)

    def test_idle_clients_do_not_delay_the_end(self):
        echo = self.start(f'--drain_timeout_s={DRAIN_TIMEOUT_S}')
        talkers = [self.connect(echo) for _ in range(50)]
        for talker in talkers:
            client.exchange(talker, b'hello')
        exit_ = echo.stop()
        self.check_clean_exit(exit_)
        self.assertLess(exit_.seconds, 2)
        self.assertEqual({client.receive_to_end(talker) for talker in talkers}, {(b'', 'end')})

    def test_no_new_connections_while_draining(self):
        echo = self.start('--drain_timeout_s=3')
        talker = self.connect(echo, receive_buffer_bytes=4096)
        client.send_until_blocked(talker, 256 << 20)  # keeps the drain going
        echo.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        self.assertIsNone(echo.process.poll(), 'nothing was draining')
        try:
            late = self.connect(echo, timeout_s=1)
            late.sendall(b'too late')
            self.assertEqual(client.receive_to_end(late)[0], b'')
        except (ConnectionError, TimeoutError):
            pass  # refused, reset or left alone: all mean that nobody serves it
        self.check_clean_exit(echo.wait_exit(10))


class BusyCrowd:
    """Clients that send and read as fast as they can, in a thread, and check what they get, until the server ends them."""

    def __init__(self, echo, count):
        self.data = client.payload(1 << 20)
        self.verified_bytes = 0
        self.wrong = []
        self._places = {echo.connect(): [0, 0] for _ in range(count)}  # bytes sent, bytes received
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join()
        for talker in self._places:
            talker.close()

    def _run(self):
        talkers = list(self._places)
        while talkers and not self._stopping.is_set():
            readable, writable, _ = select.select(talkers, talkers, [], 0.1)
            ended = {talker for talker in readable if not self._read(talker)}
            ended |= {talker for talker in writable if talker not in ended and not self._write(talker)}
            talkers = [talker for talker in talkers if talker not in ended]

    def _read(self, talker):
        place = self._places[talker]
        start = place[1] % len(self.data)
        try:
            piece = talker.recv(min(1 << 16, len(self.data) - start))
        except ConnectionError:
            return False
        if piece != self.data[start:start + len(piece)]:
            self.wrong.append(place[1])
        place[1] += len(piece)
        self.verified_bytes += len(piece)
        return bool(piece)

    def _write(self, talker):
        place = self._places[talker]
        start = place[0] % len(self.data)
        try:
            place[0] += talker.send(self.data[start:start + (1 << 14)], socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass
        except ConnectionError:
            return False
        return True


if __name__ == '__main__':
    tap_main.main()
