"""Two thousand clients that send and never read, against a server with 8 MiB of chunks: the others are served all the same."""

import resource
import select
import statistics
import time

import client
import server
import tap_main

HOGS = 2000
HONEST = 20
ROUNDS = 50
CHUNKS = (8 << 20) // (16 << 10)


class ExhaustionTest(server.ServerTest):
    timeout_s = 150

    def connect_hogs(self, echo):
        hogs = [self.connect(echo, receive_buffer_bytes=4096) for _ in range(HOGS)]
        for hog in hogs:
            hog.setsockopt(client.socket.SOL_SOCKET, client.socket.SO_SNDBUF, 16 << 10)
            hog.setblocking(False)
        return hogs

    def push(self, hogs, sent, piece, quiet_s):
        """Every hog sends all it can, until none has been able to for a while."""
        poller = select.poll()
        by_fd = {hog.fileno(): index for index, hog in enumerate(hogs)}
        for fd in by_fd:
            poller.register(fd, select.POLLOUT)
        while ready := poller.poll(quiet_s * 1000):
            for fd, _events in ready:
                try:
                    sent[by_fd[fd]] += hogs[by_fd[fd]].send(piece)
                except BlockingIOError:
                    pass

    def serve_honest(self, honest):
        seconds = []
        for round_ in range(ROUNDS):
            for index, talker in enumerate(honest):
                data = client.payload(1000, f'{index}/{round_}')
                start = time.monotonic()
                talker.sendall(data)
                self.assertEqual(client.receive(talker, len(data)), data)
                seconds.append(time.monotonic() - start)
        return seconds

    def check_exhausted(self, **how):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # Without a bound in the kernel the hogs would exhaust the TCP memory that all sockets of this machine share.
        echo = self.start('--chunk_memory=8MiB', '--cores=1', '--max_connections=4000', '--socket_send_buffer=64KiB', **how)
        before = [self.connect(echo) for _ in range(HONEST)]
        for talker in before:
            self.assertEqual(client.exchange(talker, b'hello'), b'hello')
        hogs = self.connect_hogs(echo)
        sent = [0] * HOGS
        piece = client.payload(1 << 16)
        self.push(hogs, sent, piece, 1)
        rss_bytes = echo.rss_bytes()
        counters = echo.counters()
        tap_main.say(f'{sum(sent)} bytes sent by hogs, {counters["chunks_home"]} of {CHUNKS} chunks home, '
                     f'{counters["starved"]} starved, {counters["throttled"]} throttled, RSS {rss_bytes >> 20} MiB')
        self.assertGreater(counters['starved'], 0)
        # The reserve, and a few that are on their way.
        self.assertLessEqual(counters['chunks_home'], CHUNKS // 8 + 8, 'the hogs have not exhausted the chunks')
        self.assertLessEqual(counters['chunks_home_min'], CHUNKS // 8, 'the low-water mark knows nothing of it')
        # Those who were there before, and those who come now.
        after = [self.connect(echo) for _ in range(HONEST)]
        seconds = self.serve_honest(before) + self.serve_honest(after)
        tap_main.say(f'honest clients: median {statistics.median(seconds) * 1e6:.0f} us, longest {max(seconds) * 1e3:.1f} ms')
        self.assertGreater(echo.counters()['reserve_receives'], 0)
        self.assertLessEqual(echo.rss_bytes(), rss_bytes + (4 << 20), 'memory grew')
        # Nothing is lost: a hog that reads at last gets back all it sent.
        for index in range(0, HOGS, HOGS // 20):
            hogs[index].setblocking(True)
            hogs[index].settimeout(20)
            hogs[index].shutdown(client.socket.SHUT_WR)
        for index in range(0, HOGS, HOGS // 20):
            received, ending = client.receive_to_end(hogs[index])
            self.assertEqual((len(received), ending), (sent[index], 'end'))
        for talker in [*hogs, *before, *after]:
            talker.close()
        self.check_clean_exit(echo.stop())

    def test_honest_clients_are_served(self):
        self.check_exhausted()

    def test_honest_clients_are_served_on_a_unix_socket(self):
        self.check_exhausted(unix_socket=self.temporary_path('echo.sock'))


if __name__ == '__main__':
    tap_main.main()
