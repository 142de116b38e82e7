"""corering-load against servers that behave, stall, lie and go away: what it reports, and its exit codes."""

import getpass
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree

import server
import tap_main


class Listener:
    """A server of one thread: `answer(bytes)` makes of each piece that arrives what is sent back, None closes."""

    def __init__(self, answer):
        self._answer = answer
        self._socket = socket.create_server(('127.0.0.1', 0), backlog=512)
        self.port = self._socket.getsockname()[1]
        self._stop, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        self._wake.close()
        self._thread.join()
        self._stop.close()
        self._socket.close()

    def _serve(self):
        clients = []
        while True:
            for ready in select.select([self._socket, self._stop, *clients], [], [])[0]:
                if ready is self._stop:
                    for client in clients:
                        client.close()
                    return
                if ready is self._socket:
                    clients.append(ready.accept()[0])
                    continue
                try:
                    piece = ready.recv(1 << 16)
                    reply = self._answer(piece) if piece else None
                    if reply:
                        ready.sendall(reply)
                except ConnectionError:
                    reply = None
                if reply is None:
                    clients.remove(ready)
                    ready.close()


class LoadTest(server.ServerTest):
    timeout_s = 60

    def load(self, *flags, timeout_s=40):
        return subprocess.run([server.program('corering-load'), *flags], capture_output=True, text=True, timeout=timeout_s, check=False)

    def measured(self, *flags, code=0, timeout_s=40):
        """The report as JSON. Without --seconds a second is measured, without a warm-up."""
        path = self.temporary_path('report.json')
        done = self.load('--warmup_s=0', '--seconds=1', f'--json={path}', *flags, timeout_s=timeout_s)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        with open(path, encoding='utf-8') as file:
            return json.load(file)

    def listener(self, answer):
        made = Listener(answer)
        self.addCleanup(made.close)
        return made

    def foreign_server(self, name, command):
        """Starts a server on a Unix socket; skips if it is not installed. command(path) gives its arguments."""
        if not shutil.which(name):
            self.skipTest(f'{name} is not installed')
        path = self.temporary_path('socket')
        self.start_program(name, *command(path))
        server.wait_until(lambda: os.path.exists(path), 10, f'{name} listens')
        return path

    def redis(self):
        return self.foreign_server('redis-server', lambda path: ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'])


class EchoTest(LoadTest):
    def test_closed_loop_counts_what_the_server_counts(self):
        echo = self.start('--cores=2')
        report = self.measured(f'--port={echo.port}', '--requests=20000', '--connections=20', '--pipeline=4', '--cores=2',
                               '--value_bytes=10..3000')
        self.assertEqual(report['requests'], 20000)
        self.assertEqual(report['failures']['all'], 0)
        latency = report['latency_us']
        order = [latency[key] for key in ('min', 'p50', 'p90', 'p95', 'p99', 'p99_9', 'p99_99', 'max')]
        self.assertEqual(order, sorted(order))
        self.assertEqual(latency['count'], 20000)
        counters = self.check_clean_exit(echo.stop())
        self.assertEqual(counters['accepted'], 20)
        self.assertEqual(report['connections']['opened'], 20)

    def test_open_loop_keeps_its_rate(self):
        echo = self.start()
        report = self.measured(f'--port={echo.port}', '--rate=2000', '--seconds=2')
        self.assertEqual(report['requests'], 4000, 'one request for each time, whatever the machine does')

    def test_large_messages_come_back_whole(self):
        echo = self.start()
        report = self.measured(f'--port={echo.port}', '--value_bytes=1MiB', '--connections=3', '--pipeline=2', '--requests=50', '--keys=20')
        self.assertEqual((report['requests'], report['failures']['all']), (50, 0))

    def test_connect_storm(self):
        echo = self.start('--cores=2')
        report = self.measured(f'--port={echo.port}', '--connections=50', '--requests_per_connection=3', '--requests=6000')
        self.assertEqual((report['requests'], report['failures']['all']), (6000, 0))
        self.assertGreaterEqual(report['connections']['opened'], 2000)
        self.assertGreaterEqual(report['connect_latency_us']['count'], 2000)

    def test_a_stall_is_seen_by_all_that_it_kept_waiting(self):
        """500 ms of 5 s stopped: a tenth of the requests waits, evenly spread from 0 to 500 ms, so the slowest hundredth of all waits
        at least 450 ms. A closed loop would have seen one slow request per connection."""
        echo = self.start('--cores=1', '--stall_ms=0')
        done = []
        thread = threading.Thread(target=lambda: done.append(self.measured(f'--port={echo.port}', '--rate=1000', '--seconds=5',
                                                                            '--connections=5', '--requests=0')))
        thread.start()
        time.sleep(2)
        echo.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        echo.send_signal(signal.SIGCONT)
        thread.join()
        report = done[0]
        self.assertEqual((report['requests'], report['failures']['all']), (5000, 0))
        latency = report['latency_us']
        self.assertGreaterEqual(latency['max'], 490_000)
        self.assertGreaterEqual(latency['p99'], 430_000)
        self.assertGreaterEqual(latency['p95'], 200_000)

    def test_stops_when_told_to_and_reports(self):
        echo = self.start()
        running = self.start_program(server.program('corering-load'), f'--port={echo.port}', '--seconds=600', '--warmup_s=0')
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=20)
        self.assertEqual(running.returncode, 0, output)
        self.assertIn('p99.99', output)
        self.assertNotIn('\r', output, 'the progress line is for terminals')

    def test_plot_and_table(self):
        echo = self.start()
        path = self.temporary_path('plot.svg')
        done = self.load(f'--port={echo.port}', '--requests=1000', '--warmup_s=0', f'--svg={path}')
        self.assertEqual(done.returncode, 0, done.stderr)
        root = xml.etree.ElementTree.parse(path).getroot()
        bars = [item for item in root.iter() if item.get('class') == 'bar']
        self.assertEqual(sum(int(bar[0].text.split()[0]) for bar in bars), 1000)
        self.assertEqual(done.stderr, '')


class KeysTest(LoadTest):
    def test_redis_gets_and_sets(self):
        path = self.redis()
        for distribution in ('uniform', 'zipf', 'hot_set'):
            report = self.measured('--protocol=resp', f'--unix_socket={path}', '--fill', '--keys=2000', '--requests=20000',
                                   '--set_share=0.3', '--pipeline=8', '--value_bytes=0..500', f'--distribution={distribution}')
            self.assertEqual((report['requests'], report['failures']['all'], report['misses']), (20000, 0, 0))
            self.assertAlmostEqual(report['set_latency_us']['count'] / 20000, 0.3, delta=0.03)

    def test_misses_are_no_failures(self):
        report = self.measured('--protocol=resp', f'--unix_socket={self.redis()}', '--set_share=0', '--requests=1000')
        self.assertEqual((report['misses'], report['failures']['all']), (1000, 0))

    def test_memcached_gets_and_sets(self):
        path = self.foreign_server('memcached', lambda path: ['-u', getpass.getuser(), '-s', path, '-a', '0777', '-t', '1', '-m', '64'])
        report = self.measured('--protocol=memcached', f'--unix_socket={path}', '--fill', '--keys=2000', '--requests=20000',
                               '--set_share=0.3', '--pipeline=8', '--value_bytes=1..500')
        self.assertEqual((report['requests'], report['failures']['all'], report['misses']), (20000, 0, 0))


class BadServersTest(LoadTest):
    def test_one_wrong_byte_is_found(self):
        pieces = 0

        def lie(piece):
            nonlocal pieces
            pieces += 1
            return piece if pieces % 100 else piece[:-1] + bytes([piece[-1] ^ 1])
        report = self.measured(f'--port={self.listener(lie).port}', '--requests=1000', '--connections=5', code=1)
        self.assertGreaterEqual(report['failures']['wrong_values'], 5)
        self.assertEqual(report['requests'], 1000)

    def test_a_value_of_another_key_is_found(self):
        first = []

        def lie(piece):
            first.append(piece)
            return first[0]
        report = self.measured(f'--port={self.listener(lie).port}', '--requests=100', '--connections=1', code=1)
        self.assertGreaterEqual(report['failures']['wrong_values'], 90)

    def test_what_is_no_reply_breaks_the_connection(self):
        stranger = self.listener(lambda _: b'HTTP/1.1 400 Bad Request\r\n\r\n')
        report = self.measured('--protocol=resp', f'--port={stranger.port}', '--requests=20', '--connections=2', code=1)
        self.assertGreaterEqual(report['failures']['malformed'], 20)
        self.assertGreaterEqual(report['connections']['opened'], 20)

    def test_error_replies_are_counted(self):
        answer = self.listener(lambda piece: b'-ERR no\r\n' * piece.count(b'GET'))
        report = self.measured('--protocol=resp', f'--port={answer.port}', '--requests=100', '--set_share=0',
                               '--target_error_rate=0.5', code=3)
        self.assertEqual(report['failures']['error_replies'], 100)
        self.assertEqual(report['failures']['rate'], 1)

    def test_silence_is_timed_out(self):
        report = self.measured(f'--port={self.listener(lambda _: b"").port}', '--seconds=0.5', '--timeout_s=0.1', '--connections=3')
        self.assertGreaterEqual(report['failures']['timed_out'], 3)
        self.assertEqual(report['requests'], 0)

    def test_a_server_that_closes_is_counted_and_tried_again(self):
        report = self.measured(f'--port={self.listener(lambda _: None).port}', '--seconds=0.5', '--connections=3', '--timeout_s=1')
        self.assertGreater(report['failures']['lost'], 3)
        self.assertGreater(report['connections']['closed_by_server'], 3)

    def test_nobody_listens(self):
        closed = socket.create_server(('127.0.0.1', 0))
        port = closed.getsockname()[1]
        closed.close()
        done = self.load(f'--port={port}')
        self.assertEqual((done.returncode, done.stdout, done.stderr.count('\n')), (1, '', 1), done)
        self.assertIn(f'127.0.0.1:{port}', done.stderr)


class CommandLineTest(LoadTest):
    def test_targets_decide_the_exit_code(self):
        echo = self.start()
        reachable = ['--target_p50_us=10000000', '--target_p95_us=10000000', '--target_p99_us=10000000', '--target_p999_us=10000000',
                     '--target_rps=1', '--target_error_rate=0']
        report = self.measured(f'--port={echo.port}', '--requests=1000', *reachable)
        self.assertEqual([target['met'] for target in report['targets']], [True] * 6)
        for missed in ('--target_p50_us=0.001', '--target_p95_us=0.001', '--target_p99_us=0.001', '--target_p999_us=0.001',
                       '--target_rps=1e11'):
            report = self.measured(f'--port={echo.port}', '--requests=1000', missed, code=3)
            self.assertEqual([target['met'] for target in report['targets']], [False])

    def test_bad_flags(self):
        for flag in ('--port=0', '--port=70000', '--connections=0', '--pipeline=0', '--protocol=smtp', '--distribution=odd', '--keys=0',
                     '--value_bytes=9..3', '--value_bytes=x', '--seconds=0', '--rate=-1', '--set_share=2', '--target_error_rate=7',
                     '--host=example.org', '--nonsense=1', 'nonsense'):
            done = self.load('--port=1', flag)
            self.assertEqual((done.returncode, done.stdout), (2, ''), (flag, done))
            self.assertTrue(done.stderr, flag)

    def test_a_file_that_cannot_be_written_is_told(self):
        echo = self.start()
        done = self.load(f'--port={echo.port}', '--requests=10', '--warmup_s=0', '--json=/nowhere/report.json')
        self.assertEqual(done.returncode, 1)
        self.assertIn('/nowhere/report.json', done.stderr)


if __name__ == '__main__':
    tap_main.main()
