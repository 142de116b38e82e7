"""Client-side steps that several tests share. Payloads are random but repeatable, so a failure names what it expected."""

import random
import select
import socket
import time


def payload(size, seed=0):
    return random.Random(f'{size}/{seed}').randbytes(size)


def receive(client, size):
    """Exactly size bytes. ConnectionError if the connection ends before, TimeoutError by the socket's time-out."""
    data = bytearray()
    while len(data) < size:
        piece = client.recv(min(size - len(data), 1 << 18))
        if not piece:
            raise ConnectionError(f'the server ended the connection after {len(data)} of {size} bytes')
        data += piece
    return bytes(data)


def receive_to_end(client):
    """All bytes up to the end of the stream and how it ended: 'end' or 'reset'."""
    data = bytearray()
    try:
        while piece := client.recv(1 << 18):
            data += piece
    except ConnectionResetError:
        return bytes(data), 'reset'
    return bytes(data), 'end'


def exchange(client, data, timeout_s=20):
    """Sends data while it receives as much: neither side's buffers limit the size. Returns what came back."""
    received = bytearray()
    sent = 0
    end = time.monotonic() + timeout_s
    while len(received) < len(data):
        readable, writable, _ = select.select([client], [client] if sent < len(data) else [], [], 1)
        if time.monotonic() > end:
            raise TimeoutError(f'sent {sent}, received {len(received)} of {len(data)} bytes in {timeout_s} s')
        if writable:
            sent += client.send(data[sent:sent + (1 << 16)], socket.MSG_DONTWAIT)
        if readable:
            piece = client.recv(1 << 18)
            if not piece:
                raise ConnectionError(f'the server ended the connection after {len(received)} of {len(data)} bytes')
            received += piece
    return bytes(received)


def send_reading_little(client, data):
    """Sends all data and reads only when nothing more goes out otherwise. Returns what it had to read."""
    received = bytearray()
    sent = 0
    while sent < len(data):
        if select.select([], [client], [], 0.1)[1]:
            sent += client.send(data[sent:sent + (1 << 16)], socket.MSG_DONTWAIT)
        else:
            received += client.recv(1 << 16)
    return bytes(received)


def send_until_blocked(client, limit_bytes, quiet_s=0.5):
    """Sends without reading until nothing has gone out for quiet_s; returns the number of bytes that did."""
    data = payload(1 << 16)
    sent = 0
    while sent < limit_bytes and select.select([], [client], [], quiet_s)[1]:
        sent += client.send(data[sent % len(data):], socket.MSG_DONTWAIT)
    return sent


def answered(clients, wait_s):
    """The indices of the clients for which something arrives within wait_s; nothing is consumed."""
    found = set()
    end = time.monotonic() + wait_s
    while len(found) < len(clients) and (left := end - time.monotonic()) > 0:
        missing = [client for index, client in enumerate(clients) if index not in found]
        for client in select.select(missing, [], [], left)[0]:
            found.add(clients.index(client))
    return found
