"""Connection and server commands beside redis-server 7.0: replies, and above all errors, byte for byte.

Left out are replies that cannot be equal: those with addresses, times and sizes (tested by name in kv_clients_test.py), help texts, and the
upper bound of proto-max-bulk-len, which is 512 MiB here.
"""

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import unittest

import kv_server
import server
import tap_main

COMMANDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'kv_oracle_commands.txt')


class RawClient:
    """Replies as the bytes that they are, but for what has no order: sets, and subcommands of COMMAND INFO."""

    def __init__(self, sock, version):
        sock.settimeout(10)
        self._socket = sock
        self._file = sock.makefile('rb')
        self.call('HELLO', str(version))

    def close(self):
        self._file.close()
        self._socket.close()

    def call(self, *words):
        self._socket.sendall(kv_server.encode(*words))
        return self._reply()

    def _reply(self):
        line = self._file.readline()
        kind, text = line[:1], line[1:-2]
        if kind in b'$=' and int(text) >= 0:
            return line + self._file.read(int(text) + 2)
        if kind in b'*~>':
            return (line, *[self._reply() for _ in range(max(int(text), 0))])
        if kind == b'%':
            return (line, *[self._reply() for _ in range(2 * int(text))])
        return line


def without_order(reply):
    """COMMAND INFO: subcommands by name, without those that Redis 7.0 has not, or we have not, and without their number."""
    if not isinstance(reply, tuple):
        return reply
    return tuple(
        (b'subcommands', *sorted(map(repr, filter(is_common, part[1:])))) if is_list_of_commands(part) else without_order(part)
        for part in reply)


def is_list_of_commands(part):
    return isinstance(part, tuple) and len(part) > 1 and all(
        isinstance(one, tuple) and len(one) == 11 and isinstance(one[1], bytes) and b'|' in one[1] for one in part[1:])


def is_common(command):
    return not any(name in command[1] for name in (b'|setinfo\r', b'|no-touch\r', b'|myshardid\r'))


@unittest.skipUnless(shutil.which('redis-server'), 'redis-server is not installed')
class CommandsOracleTest(kv_server.KvTest):
    def start_redis(self):
        folder = tempfile.TemporaryDirectory(prefix='corering_')
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, 'redis.sock')
        process = subprocess.Popen(['redis-server', '--port', '0', '--unixsocket', path, '--save', '', '--dir', folder.name],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        server.wait_until(lambda: os.path.exists(path), 10, 'redis-server listens')
        return path

    def compare(self, version, *flags):
        path = self.start_redis()
        kv = self.start('--l1_bytes=64MiB', *flags)
        theirs = socket.socket(socket.AF_UNIX)
        theirs.connect(path)
        oracle = RawClient(theirs, version)
        ours = RawClient(kv.connect(), version)
        self.addCleanup(oracle.close)
        self.addCleanup(ours.close)
        with open(COMMANDS, encoding='utf-8') as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith('#')]
        different = []
        for line in lines:
            words = shlex.split(line)
            expected, found = oracle.call(*words), ours.call(*words)
            if line.startswith('command info'):
                expected, found = without_order(expected), without_order(found)
            if expected != found:
                different.append(f'{line}\n  redis-server: {expected}\n  corering-kv:  {found}')
        self.assertGreater(len(lines), 200)
        self.assertEqual(different, [], '\n'.join(different))

    def test_resp2(self):
        self.compare(2, '--cores=1')

    def test_resp3(self):
        self.compare(3, '--cores=1')

    def test_two_cores(self):
        self.compare(3, '--cores=2')


if __name__ == '__main__':
    tap_main.main()
