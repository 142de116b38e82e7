"""A corering-kv process under test, and a Redis client small enough to see every byte of."""

import itertools
import socket

import server


class KvServer(server.Server):
    NAME = 'corering-kv'

    def client(self, **how):
        return Client(self.connect(**how))


class KvTest(server.ServerTest):
    server_class = KvServer

    def start(self, *flags, **how):
        kv = super().start(*flags, **how)
        self.addCleanup(self.end, kv)
        return kv

    def end(self, kv):
        """A server that still runs stops in good order: its counters add up, and sanitizers look for leaks."""
        if kv.process.poll() is None:
            self.check_clean_exit(kv.stop())

    def client(self, kv, **how):
        client = kv.client(**how)
        self.addCleanup(client.close)
        return client


class Error(str):
    """An error reply."""


class Push(list):
    """An out-of-band reply of RESP3."""


def encode(*arguments):
    """One request."""
    parts = [b'*%d\r\n' % len(arguments)]
    for argument in arguments:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b'$%d\r\n%s\r\n' % (len(data), data))
    return b''.join(parts)


class Client:
    """Sends requests, reads replies: bytes, int, None, list, dict, Error, Push."""

    def __init__(self, sock):
        self.socket = sock
        self._received = bytearray()
        self._start = 0

    def close(self):
        self.socket.close()

    def send(self, *requests):
        """Each request is a tuple of arguments."""
        self.socket.sendall(b''.join(encode(*request) for request in requests))

    def call(self, *arguments):
        self.send(arguments)
        return self.reply()

    def pipeline(self, requests):
        requests = list(requests)
        self.send(*requests)
        return [self.reply() for _ in requests]

    def replies(self, count):
        return [self.reply() for _ in range(count)]

    def at_end(self):
        """Whether the server has closed, and nothing is left to read."""
        try:
            return self._start == len(self._received) and self.socket.recv(1) == b''
        except ConnectionResetError:
            return True

    def _fill(self):
        if self._start > 1 << 20:
            del self._received[:self._start]
            self._start = 0
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError('the server has closed the connection')
        self._received += data

    def _line(self):
        while (end := self._received.find(b'\r\n', self._start)) < 0:
            self._fill()
        line = bytes(self._received[self._start:end])
        self._start = end + 2
        return line

    def _bytes(self, count):
        while len(self._received) - self._start < count + 2:
            self._fill()
        data = bytes(self._received[self._start:self._start + count])
        self._start += count + 2
        return data

    def reply(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b'+':
            return rest
        if kind == b'-':
            return Error(rest.decode())
        if kind == b':':
            return int(rest)
        if kind in b'$=':
            return None if rest == b'-1' else self._bytes(int(rest))
        if kind in b'*~':
            return None if rest == b'-1' else self.replies(int(rest))
        if kind == b'>':
            return Push(self.replies(int(rest)))
        if kind == b'%':
            return {self.reply(): self.reply() for _ in range(int(rest))}
        if kind == b'_':
            return None
        if kind == b',':
            return float(rest)
        if kind == b'#':
            return rest == b't'
        raise AssertionError(f'no reply begins with {line!r}')


def crc16(data):
    """CRC16 of XMODEM, as Redis Cluster uses it."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc


def core_of(key, cores):
    """The core that owns a key without a hash tag: slots lie in equal ranges."""
    return crc16(key.encode()) % 16384 * cores // 16384


def keys_on(core, cores, prefix='key'):
    """Keys that live on that core."""
    names = (f'{prefix}:{number}' for number in itertools.count())
    return (name for name in names if core_of(name, cores) == core)


def reset_on_close(sock):
    """Makes close() break the connection."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\x00\x00\x00\x00\x00\x00\x00')
