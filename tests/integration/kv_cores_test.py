"""Several cores: one order for each client, whole commands on keys of several cores, messages and transactions across them."""

import itertools
import random
import threading

import kv_server
import server
import tap_main

CORES = 2


class CoresTest(kv_server.KvTest):
    def start_cores(self, *flags):
        return self.start(f'--cores={CORES}', '--l1_bytes=64MiB', *flags)

    def clients(self, kv, count):
        return [self.client(kv) for _ in range(count)]

    def pair(self, prefix='pair'):
        """A key on each core."""
        return [next(kv_server.keys_on(core, CORES, prefix)) for core in range(CORES)]

    def in_threads(self, *works):
        """Runs them at once; what one raises fails the test."""
        faults = []

        def guarded(work):
            try:
                work()
            except BaseException as fault:  # reported by the test's own thread
                faults.append(fault)
        threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]

    def test_ten_thousand_commands_in_one_pipeline_are_answered_in_order(self):
        kv = self.start_cores()
        for client in self.clients(kv, 4):
            requests = []
            expected = []
            numbers = {}
            chooser = random.Random(4)
            for number in range(10_000):
                key = f'order:{chooser.randrange(500)}'
                if chooser.random() < 0.5:
                    requests.append(('SET', key, number))
                    numbers[key] = str(number).encode()
                    expected.append(b'OK')
                elif chooser.random() < 0.9:
                    requests.append(('GET', key))
                    expected.append(numbers.get(key))
                else:
                    others = [key, f'order:{chooser.randrange(500)}', f'order:{chooser.randrange(500)}']
                    requests.append(('MGET', *others))
                    expected.append([numbers.get(other) for other in others])
            client.call('FLUSHALL')
            sender = threading.Thread(target=client.send, args=requests)
            sender.start()
            replies = client.replies(len(requests))
            sender.join()
            self.assertEqual(replies, expected)

    def test_large_values_keep_their_place_among_small_ones(self):
        kv = self.start_cores()
        client = self.client(kv)
        values = {f'large:{size}': bytes([size % 251]) * size for size in (1, 100, 5_000, 40_000, 300_000, 2_000_000)}
        for _ in range(3):
            requests = [('SET', key, value) for key, value in values.items()]
            requests += [('GET', key) for key in values] * 5
            requests.append(('MGET', *values))
            sender = threading.Thread(target=client.send, args=requests)
            sender.start()
            replies = client.replies(len(requests))
            sender.join()
            self.assertTrue(replies[len(values):-1] == list(values.values()) * 5)
            self.assertTrue(replies[-1] == list(values.values()))

    def test_transactions_on_two_cores_keep_a_sum(self):
        kv = self.start_cores()
        one, other = self.pair('account')
        admin = self.client(kv)
        admin.call('MSET', one, 1000, other, 1000)
        stop = threading.Event()

        def move(seed):
            def work():
                client = kv.client()
                chooser = random.Random(seed)
                for _ in range(300):
                    amount = chooser.randrange(10)
                    source, target = chooser.sample([one, other], 2)
                    replies = client.pipeline([('MULTI',), ('DECRBY', source, amount), ('INCRBY', target, amount), ('EXEC',)])
                    assert len(replies[-1]) == 2, replies
                client.close()
            return work

        def watch():
            client = kv.client()
            while not stop.is_set():
                values = client.call('MGET', one, other)
                assert sum(map(int, values)) == 2000, values
                values = client.pipeline([('MULTI',), ('GET', one), ('GET', other), ('EXEC',)])[-1]
                assert sum(map(int, values)) == 2000, values
            client.close()

        def traffic():
            client = kv.client()
            while not stop.is_set():
                client.pipeline([('SET', f'noise:{number}', number) for number in range(200)])
            client.close()

        def movers():
            try:
                self.in_threads(*[move(seed) for seed in range(4)])
            finally:
                stop.set()
        self.in_threads(movers, watch, traffic)
        self.assertEqual(sum(map(int, admin.call('MGET', one, other))), 2000)

    def test_two_borrowers_at_once_never_wait_for_each_other(self):
        kv = self.start_cores()
        one, other = self.pair()

        def rename(first, second):
            def work():
                client = kv.client()
                for number in range(500):
                    client.pipeline([('MSET', first, number, second, number), ('RENAME', first, second), ('DBSIZE',),
                                     ('COPY', second, first), ('DEL', first, second)])
                client.close()
            return work
        self.in_threads(rename(one, other), rename(other, one), rename(one, other), rename(other, one))

    def test_a_watched_key_of_the_other_core_stops_exec(self):
        kv = self.start_cores()
        one, other = self.pair('watched')
        watcher, writer = self.clients(kv, 2)
        for key in (one, other):
            writer.call('SET', key, 'before')
            self.assertEqual(watcher.call('WATCH', key), b'OK')
            writer.call('SET', key, 'after')
            self.assertEqual(watcher.pipeline([('MULTI',), ('SET', key, 'mine'), ('EXEC',)]), [b'OK', b'QUEUED', None])
            self.assertEqual(watcher.call('GET', key), b'after')
            # Not touched, or not watched any more: it runs.
            watcher.call('WATCH', one, other)
            self.assertEqual(watcher.pipeline([('MULTI',), ('SET', key, 'mine'), ('EXEC',)])[-1], [b'OK'])
            watcher.call('WATCH', one, other)
            writer.call('DEL', key)
            watcher.call('UNWATCH')
            self.assertEqual(watcher.pipeline([('MULTI',), ('EXISTS', key), ('EXEC',)])[-1], [0])

    def test_optimistic_counting_loses_no_count(self):
        kv = self.start_cores()
        keys = self.pair('counter')

        def count():
            client = kv.client()
            done = 0
            while done < 100:
                client.call('WATCH', *keys)
                values = [int(value or 0) for value in client.call('MGET', *keys)]
                requests = [('SET', key, value + 1) for key, value in zip(keys, values)]
                done += client.pipeline([('MULTI',), *requests, ('EXEC',)])[-1] is not None
            client.close()
        self.in_threads(count, count, count)
        self.assertEqual(self.client(kv).call('MGET', *keys), [b'300', b'300'])

    def test_messages_reach_subscribers_of_all_cores(self):
        kv = self.start_cores()
        listeners = self.clients(kv, 16)
        for number, listener in enumerate(listeners):
            if number % 2:
                self.assertEqual(listener.call('HELLO', 3)[b'proto'], 3)
            self.assertEqual(listener.call('SUBSCRIBE', 'news'), [b'subscribe', b'news', 1])
        self.assertEqual(listeners[0].call('PSUBSCRIBE', 'n*'), [b'psubscribe', b'n*', 2])
        speakers = self.clients(kv, 4)
        for speaker in speakers:
            self.assertEqual(speaker.pipeline([('PUBLISH', 'news', number) for number in range(50)]), [17] * 50)
            self.assertEqual(speaker.call('PUBSUB', 'NUMSUB', 'news', 'none'), [b'news', 16, b'none', 0])
            self.assertEqual(speaker.call('PUBSUB', 'CHANNELS'), [b'news'])
            self.assertEqual(speaker.call('PUBSUB', 'NUMPAT'), 1)
        for listener in listeners[1:]:
            self.assertEqual(listener.replies(200), [[b'message', b'news', str(number).encode()] for number in range(50)] * 4)
        for number in list(range(50)) * 4:
            self.assertEqual(listeners[0].reply(), [b'message', b'news', str(number).encode()])
            self.assertEqual(listeners[0].reply(), [b'pmessage', b'n*', b'news', str(number).encode()])
        for listener in listeners:
            listener.close()
        server.wait_until(lambda: speakers[0].call('PUBLISH', 'news', 'gone') == 0, 5, 'subscribers that are gone')

    def test_publish_in_a_transaction(self):
        kv = self.start_cores()
        listener, speaker = self.clients(kv, 2)
        listener.call('SUBSCRIBE', 'news')
        one, other = self.pair()
        replies = speaker.pipeline([('MULTI',), ('SET', one, 1), ('PUBLISH', 'news', 'x'), ('SET', other, 2), ('EXEC',)])
        self.assertEqual(replies[-1], [b'OK', 1, b'OK'])
        self.assertEqual(listener.reply(), [b'message', b'news', b'x'])
        self.assertEqual(speaker.call('MGET', one, other), [b'1', b'2'])

    def test_connections_that_break_with_calls_under_way_leave_nothing_behind(self):
        kv = self.start_cores()
        one, other = self.pair()
        for number in range(200):
            client = kv.client()
            requests = [('SET', f'broken:{key}', 'x' * 100) for key in range(50)] + [('MGET', one, other), ('PUBLISH', 'c', 'm')]
            requests += [('MULTI',), ('INCR', one), ('INCR', other), ('EXEC',)]
            client.send(*itertools.chain(*[requests] * (number % 4 + 1)))
            if number % 2:
                kv_server.reset_on_close(client.socket)
            client.close()
        client = self.client(kv)
        values = client.call('MGET', one, other)
        self.assertEqual(values[0], values[1])
        counters = self.check_clean_exit(kv.stop())
        self.assertGreater(counters['kv_calls_sent'], 0)
        self.assertGreater(counters['kv_borrowings'], 0)
        self.assertEqual(counters['kv_calls_sent'], counters['kv_calls_received'])

    def test_drain_under_load_answers_what_was_received(self):
        kv = self.start_cores()
        clients = self.clients(kv, 20)
        for client in clients:
            client.send(*[('SET', f'drained:{number}', number) for number in range(500)], ('MGET', *self.pair()))
        kv.send_signal(server.signal.SIGTERM)
        # Whoever is cut off is cut off between two replies.
        for client in clients:
            answered = 0
            try:
                for _ in range(500):
                    self.assertEqual(client.reply(), b'OK')
                    answered += 1
            except (ConnectionError, OSError):
                tap_main.say(f'answered {answered} of 500')
        self.check_clean_exit(kv.wait_exit(15))


if __name__ == '__main__':
    tap_main.main()
