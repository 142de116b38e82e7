"""Servers under test and oracles as processes on Unix sockets of their own, and connections that speak to them in pipelines."""
import os
import socket
import subprocess
import tempfile
import time

PATIENCE_S = 20


class Peer:
    """A process that listens on `{socket}`."""

    def __init__(self, command, stderr=subprocess.DEVNULL):
        self.folder = tempfile.TemporaryDirectory(prefix='corering_oracle_')
        self.path = os.path.join(self.folder.name, 's')
        words = [self.path if word == '{socket}' else self.folder.name if word == '{folder}' else word for word in command]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=stderr)

    def connect(self):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            stream = socket.socket(socket.AF_UNIX)
            stream.settimeout(PATIENCE_S)
            try:
                stream.connect(self.path)
                return stream
            except OSError:
                stream.close()
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self):
        """Ends it in good order; its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.folder.cleanup()


class RespConnection:
    def __init__(self, stream):
        self.stream = stream
        self.file = stream.makefile('rb')

    @staticmethod
    def encode(words):
        return b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in words)

    def send(self, commands):
        self.stream.sendall(b''.join(map(self.encode, commands)))

    def reply(self):
        """bytes of a bulk; an error, number or status with its sign; a list; None."""
        line = self.file.readline()
        if not line.endswith(b'\r\n'):
            raise ConnectionError('the server has closed')
        kind, rest = line[:1], line[1:-2]
        if kind == b'$':
            if rest == b'-1':
                return None
            data = self.file.read(int(rest) + 2)
            return data[:-2]
        if kind == b'*':
            return None if rest == b'-1' else [self.reply() for _ in range(int(rest))]
        return rest if kind == b':' else line[:-2]

    def ask(self, words):
        self.send([words])
        return self.reply()
