"""One connection: how requests come in, replies go out, and what is refused; that no client harms another."""

import socket
import threading
import time

import kv_server
import server
import tap_main

PASSWORD = 'a long secret'


class SessionTest(kv_server.KvTest):
    def start_one(self, *flags):
        return self.start('--cores=1', '--l1_bytes=64MiB', *flags)

    def test_the_line_to_try_works(self):
        kv = self.start_one()
        self.assertRegex(kv.stdout()[1], r'^try: redis-cli -h 127\.0\.0\.1 -p \d+ set greeting hello$')

    def test_a_pipeline_of_ten_thousand_in_one_write(self):
        kv = self.start_one()
        client = self.client(kv)
        requests = [('SET', f'key:{number}', number) if number % 2 else ('INCR', 'counter') for number in range(10_000)]
        sender = threading.Thread(target=client.send, args=requests)
        sender.start()
        replies = client.replies(10_000)
        sender.join()
        self.assertEqual(replies[1::2], [b'OK'] * 5_000)
        self.assertEqual(replies[0::2], list(range(1, 5_001)))

    def test_requests_cut_at_every_byte(self):
        kv = self.start_one()
        client = self.client(kv)
        data = kv_server.encode('SET', 'key', 'value') + kv_server.encode('GET', 'key') + b'PING\r\n'
        for cut in range(1, len(data)):
            client.socket.sendall(data[:cut])
            time.sleep(0.001)
            client.socket.sendall(data[cut:])
            self.assertEqual(client.replies(3), [b'OK', b'value', b'PONG'])

    def test_half_close_is_answered(self):
        kv = self.start_one()
        client = self.client(kv)
        client.send(*[('ECHO', 'x' * 1000)] * 1000)
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.replies(1000), [b'x' * 1000] * 1000)
        self.assertTrue(client.at_end())

    def test_quit_answers_and_closes(self):
        kv = self.start_one()
        client = self.client(kv)
        client.send(('SET', 'a', 1), ('QUIT',), ('SET', 'a', 2))
        self.assertEqual(client.replies(2), [b'OK', b'OK'])
        self.assertTrue(client.at_end())
        self.assertEqual(self.client(kv).call('GET', 'a'), b'1')

    def test_errors_of_the_protocol_are_told_before_the_end(self):
        kv = self.start_one()
        for data, error in ((b'*1\r\n+PING\r\n', "ERR Protocol error: expected '$', got '+'"),
                            (b'*x\r\n', 'ERR Protocol error: invalid multibulk length'),
                            (b'*1\r\n$-5\r\n', 'ERR Protocol error: invalid bulk length'),
                            (b'SET a "b\r\n', 'ERR Protocol error: unbalanced quotes in request'),
                            (b'x' * 70_000, 'ERR Protocol error: too big inline request')):
            with self.subTest(data=data[:20]):
                client = self.client(kv)
                client.send(('PING',))
                client.socket.sendall(data)
                self.assertEqual(client.replies(2), [b'PONG', error])
                self.assertTrue(client.at_end())
        self.assertEqual(kv.counters()['kv_protocol_errors'], 5)

    def test_browsers_are_hung_up_on(self):
        kv = self.start_one()
        for data in (b'POST / HTTP/1.1\r\nHost: x\r\n\r\n', b'GET / HTTP/1.1\r\nHost: x\r\n\r\nSET a b\r\n'):
            client = self.client(kv)
            client.socket.sendall(data)
            while not client.at_end():
                client.reply()
        self.assertEqual(self.client(kv).call('EXISTS', 'a'), 0)
        self.assertEqual(kv.counters()['kv_intruders'], 2)

    def test_strangers_are_limited_and_let_in_by_their_password(self):
        path = self.temporary_path('password')
        with open(path, 'w', encoding='ascii') as file:
            file.write(PASSWORD + '\n')
        kv = self.start_one(f'--requirepass_file={path}')
        client = self.client(kv)
        self.assertEqual(client.call('GET', 'a'), 'NOAUTH Authentication required.')
        self.assertEqual(client.call('AUTH', 'wrong'), 'WRONGPASS invalid username-password pair or user is disabled.')
        self.assertEqual(client.pipeline([('AUTH', PASSWORD), ('MSET', *range(40)), ('GET', 38)]), [b'OK', b'OK', b'39'])
        self.assertEqual(client.call('RESET'), b'RESET')
        self.assertEqual(client.call('GET', 38), 'NOAUTH Authentication required.')
        self.assertEqual(self.client(kv).call('HELLO', 3, 'AUTH', 'default', PASSWORD, 'SETNAME', 'me')[b'proto'], 3)
        for request, error in ((('MGET', *range(10)), 'ERR Protocol error: unauthenticated multibulk length'),
                               (('GET', 'x' * 20_000), 'ERR Protocol error: unauthenticated bulk length')):
            stranger = self.client(kv)
            stranger.send(request)
            self.assertEqual(stranger.reply(), error)
            self.assertTrue(stranger.at_end())

    def test_a_subscriber_that_does_not_read_is_closed_at_its_limit(self):
        kv = self.start_one()
        lazy = self.client(kv, receive_buffer_bytes=4096)
        self.assertEqual(lazy.call('SUBSCRIBE', 'flood'), [b'subscribe', b'flood', 1])
        speaker = self.client(kv)
        message = 'x' * 100_000
        for _ in range(600):
            if speaker.call('PUBLISH', 'flood', message) == 0:
                break
        else:
            self.fail('the subscriber is still there after 60 MB')
        self.assertEqual(kv.counters()['kv_output_overflows'], 1)

    def test_subscribers_of_resp2_may_call_little_else(self):
        kv = self.start_one()
        client = self.client(kv)
        client.call('SUBSCRIBE', 'a')
        self.assertEqual(client.call('PING'), [b'pong', b''])
        self.assertIn("Can't execute 'get'", client.call('GET', 'x'))
        self.assertEqual(client.call('UNSUBSCRIBE'), [b'unsubscribe', b'a', 0])
        self.assertEqual(client.call('UNSUBSCRIBE'), [b'unsubscribe', None, 0])
        self.assertIsNone(client.call('GET', 'x'))
        client.call('HELLO', 3)
        self.assertEqual(client.call('SUBSCRIBE', 'a'), [b'subscribe', b'a', 1])
        self.assertIsNone(client.call('GET', 'x'))
        client.send(('PUBLISH', 'a', 'to myself'))
        self.assertEqual(client.replies(2), [[b'message', b'a', b'to myself'], 1])

    def test_transactions(self):
        kv = self.start_one()
        client = self.client(kv)
        self.assertEqual(client.call('EXEC'), 'ERR EXEC without MULTI')
        self.assertEqual(client.call('DISCARD'), 'ERR DISCARD without MULTI')
        self.assertEqual(client.pipeline([('MULTI',), ('MULTI',), ('SET', 'a', 1), ('WATCH', 'a'), ('DISCARD',)]),
                         [b'OK', 'ERR MULTI calls can not be nested', b'QUEUED', 'ERR WATCH inside MULTI is not allowed', b'OK'])
        self.assertEqual(client.pipeline([('MULTI',), ('NOSUCH',), ('SET', 'a', 1), ('EXEC',)])[-1],
                         'EXECABORT Transaction discarded because of previous errors.')
        self.assertEqual(client.pipeline([('MULTI',), ('SELECT', 1), ('SET', 'a', 'x'), ('INCR', 'a'), ('SELECT', 0), ('EXEC',)])[-1],
                         [b'OK', b'OK', 'ERR value is not an integer or out of range', b'OK'])
        self.assertIsNone(client.call('GET', 'a'))
        self.assertEqual(client.pipeline([('SELECT', 1), ('GET', 'a'), ('SELECT', 99), ('SELECT', 'x')]),
                         [b'OK', b'x', 'ERR DB index is out of range', 'ERR value is not an integer or out of range'])

    def test_values_up_to_the_limit(self):
        kv = self.start_one('--l1_bytes=256MiB', '--max_value_bytes=8MiB')
        client = self.client(kv)
        for size in (16_000, 32_768, 65_536, 1 << 20, 8 << 20):
            value = bytes([size % 255]) * size
            self.assertEqual(client.pipeline([('SET', 'large', value), ('GET', 'large'), ('STRLEN', 'large')]), [b'OK', value, size])
            self.assertEqual(client.pipeline([('SET', 'large', value, 'EX', 100), ('GET', 'large')]), [b'OK', value])
        client.send(('SET', 'large', b'x' * ((8 << 20) + 1)))
        self.assertEqual(client.reply(), 'ERR Protocol error: invalid bulk length')

    def test_a_large_value_is_sent_from_where_it_lies(self):
        kv = self.start_one()
        client = self.client(kv)
        value = b'v' * (1 << 20)
        self.assertEqual(client.call('SET', 'large', value), b'OK')
        before = kv.counters()
        self.assertGreater(before['landed_bytes'], 0)
        self.assertEqual(client.pipeline([('GET', 'large')] * 20), [value] * 20)
        after = kv.counters()
        self.assertEqual(after['copied_bytes'] + after['kv_copied_bytes'], before['copied_bytes'] + before['kv_copied_bytes'])
        self.assertEqual(after['lent_bytes'] - before['lent_bytes'], 20 << 20)

    def test_impossible_flags_are_refused(self):
        for flag, code in (('--l1_bytes=1KiB', 2), ('--eviction=sometimes', 2), ('--l3_path=/tmp/x', 2), ('--l2_bytes=1GiB', 2),
                           ('--databases=17', 2), ('--max_value_bytes=1GiB', 2), ('--memcached_port=70000', 2),
                           ('--requirepass_file=/does/not/exist', 1)):
            with self.subTest(flag=flag):
                self.check_refusal(self.refused(flag), code, flag.split('=')[0])

    def test_memcached_clients_share_the_keys(self):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        for cores in (1, 2):
            kv = self.start(f'--cores={cores}', '--l1_bytes=64MiB', f'--memcached_port={port}')
            redis = self.client(kv)
            memcached = self.keep(socket.create_connection(('127.0.0.1', port), 10))
            large = b'l' * 300_000
            expected = b''
            for number in range(50):
                memcached.sendall(b'set key:%d 7 0 5\r\nhello\r\n' % number)
                expected += b'STORED\r\n'
            memcached.sendall(b'get key:1 key:2 none\r\nset large 0 0 300000\r\n' + large +
                              b'\r\nget large\r\nincr n 1\r\nversion\r\nnonsense\r\n')
            expected += b'VALUE key:1 7 5\r\nhello\r\nVALUE key:2 7 5\r\nhello\r\nEND\r\nSTORED\r\nVALUE large 0 300000\r\n' + large
            expected += b'\r\nEND\r\nNOT_FOUND\r\nVERSION 1.6.18\r\nERROR\r\n'
            received = b''
            while len(received) < len(expected):
                received += memcached.recv(1 << 16)
            self.assertTrue(received == expected, received[:2000])
            self.assertEqual(redis.call('GET', 'key:7'), b'hello')
            redis.call('SET', 'n', 41)
            memcached.sendall(b'incr n 1\r\nflush_all\r\nget n\r\nquit\r\n')
            received = b''
            while part := memcached.recv(1000):
                received += part
            self.assertEqual(received, b'42\r\nOK\r\nEND\r\n')
            self.assertEqual(redis.call('DBSIZE'), 0)
            self.check_clean_exit(kv.stop())


if __name__ == '__main__':
    tap_main.main()
