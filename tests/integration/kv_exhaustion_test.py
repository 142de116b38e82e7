"""Clients that send and never read, against a server with 4 MiB of chunks: the others are served all the same."""

import socket

import kv_server
import server
import tap_main

LAZY = 300
READ_BYTES_MAX = 4 << 20
MEDIUM = b'm' * 10_000
LARGE = b'l' * 100_000
# What lazy clients ask for, and what one answer is: composed in chunks, sent from the item, small, and of the other protocol.
QUESTIONS = {
    'medium': (kv_server.encode('GET', 'medium'), b'$10000\r\n' + MEDIUM + b'\r\n'),
    'large': (kv_server.encode('GET', 'large'), b'$100000\r\n' + LARGE + b'\r\n'),
    'small': (b'PING\r\n', b'+PONG\r\n'),
    'memcached': (b'get medium\r\n', b'VALUE medium 0 10000\r\n' + MEDIUM + b'\r\nEND\r\n'),
}


class ExhaustionTest(kv_server.KvTest):
    def start_small(self):
        server.raise_descriptor_limit()
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.memcached_port = probe.getsockname()[1]
        # Without a bound in the kernel the lazy would exhaust the TCP memory that all sockets of this machine share.
        kv = self.start('--cores=1', '--l1_bytes=64MiB', '--chunk_memory=4MiB', '--socket_send_buffer=16KiB',
                        f'--memcached_port={self.memcached_port}')
        self.client(kv).pipeline([('SET', 'medium', MEDIUM), ('SET', 'large', LARGE)])
        return kv

    def connect_memcached(self):
        return self.keep(socket.create_connection(('127.0.0.1', self.memcached_port), 10 * server.PATIENCE))

    def start_lazy(self, kv, kind):
        """Sends requests until the kernel takes no more. Returns the socket and how many whole ones went."""
        request, _ = QUESTIONS[kind]
        lazy = self.connect_memcached() if kind == 'memcached' else self.connect(kv, receive_buffer_bytes=4096)
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 << 10)
        lazy.setblocking(False)
        sent = 0
        try:
            while True:
                sent += lazy.send((request * 1000)[sent % len(request):])
        except BlockingIOError:
            return lazy, sent // len(request)

    def serve_honest(self, kv, client):
        for number in range(300):
            self.assertEqual(client.call('SET', 'mine', number), b'OK')
            self.assertEqual(client.call('GET', 'mine'), str(number).encode())
        self.assertEqual(client.pipeline([('ECHO', 'x' * 1000)] * 1000), [b'x' * 1000] * 1000)
        self.assertEqual(client.pipeline([('GET', 'large'), ('GET', 'medium')] * 50), [LARGE, MEDIUM] * 50)
        self.assertEqual(client.pipeline([('SET', 'own', LARGE), ('APPEND', 'own', MEDIUM), ('GET', 'own')])[-1], LARGE + MEDIUM)
        memcached = self.connect_memcached()
        request, answer = QUESTIONS['memcached']
        memcached.sendall(request * 100)
        received = bytearray()
        while len(received) < 100 * len(answer):
            received += memcached.recv(1 << 18)
        self.assertTrue(received == answer * 100)

    def check(self, kinds):
        kv = self.start_small()
        before = self.client(kv)
        before.call('PING')
        lazy = [(kind, *self.start_lazy(kv, kind)) for kind in kinds * (LAZY // len(kinds))]
        for client in (before, self.client(kv)):
            self.serve_honest(kv, client)
        counters = kv.counters()
        tap_main.say(f'{counters["chunks_home"]} of {counters["chunks_total"]} chunks home, {counters["starved"]} starved, '
                     f'{counters["kv_spilled_bytes"]} bytes spilled, RSS {kv.rss_bytes() >> 20} MiB')
        if server.PATIENCE == 1:  # sanitizers keep freed memory
            self.assertLess(kv.rss_bytes(), 200 << 20)
        for kind, sock, count in lazy[:8]:
            self.check_answers(sock, QUESTIONS[kind][1], count)

    def check_answers(self, sock, answer, count):
        """Nothing is lost: one that reads at last gets all its answers, or as many as are worth the time."""
        sock.setblocking(True)
        sock.settimeout(10 * server.PATIENCE)
        sock.shutdown(socket.SHUT_WR)
        expected = answer * min(count, READ_BYTES_MAX // len(answer))
        received = bytearray()
        while len(received) < len(expected):
            part = sock.recv(1 << 16)
            self.assertTrue(part, f'the end came after {len(received)} of {len(expected)} bytes')
            received += part
        self.assertTrue(received[:len(expected)] == expected)

    def test_lazy_clients_of_medium_values(self):
        self.check(['medium'])

    def test_lazy_clients_of_large_values(self):
        self.check(['large'])

    def test_lazy_clients_of_small_replies(self):
        self.check(['small'])

    def test_lazy_clients_of_memcached(self):
        self.check(['memcached'])

    def test_lazy_clients_of_every_kind(self):
        self.check(list(QUESTIONS))


if __name__ == '__main__':
    tap_main.main()
