"""corering-kv's memory: it lies in the arena, is taken from the machine as the cache fills, and goes back when the budget shrinks."""

import kv_server
import server
import tap_main

MIB = 1 << 20
VALUE = b'x' * 60_000


class MemoryTest(kv_server.KvTest):
    def fill(self, client, count):
        for first in range(0, count, 50):
            numbers = range(first, min(first + 50, count))
            client.send(*(('set', f'key-{number}', VALUE) for number in numbers))
            for _ in numbers:
                self.assertEqual(client.reply(), b'OK')

    def test_memory_is_taken_as_the_cache_fills(self):
        kv = self.start('--cores=1', '--l1_bytes=4GiB')
        client = self.client(kv)
        counters = kv.counters()
        self.assertGreaterEqual(counters['arena_service_bytes'], 4 << 30)
        empty = kv.rss_bytes()
        self.assertLess(empty, 200 * MIB, 'nothing of the 4 GiB is there before it is used')
        self.fill(client, 2000)  # 114 MiB
        growth = kv.rss_bytes() - empty
        self.assertGreater(growth, 110 * MIB)
        self.assertLess(growth, 250 * MIB)
        self.assertEqual(kv.counters()['cache_l1_own_bytes'], 0, 'all of it lies in the arena')
        self.check_clean_exit(kv.stop())

    def test_a_budget_beyond_the_arena_and_below_it(self):
        kv = self.start('--cores=1', '--l1_bytes=64MiB')
        client = self.client(kv)
        self.assertEqual(client.call('config', 'set', 'maxmemory', str(256 * MIB)), b'OK')
        self.fill(client, 3000)  # 172 MiB
        full = kv.rss_bytes()
        own = kv.counters()['cache_l1_own_bytes']
        self.assertGreater(own, 0, 'what does not fit into the arena is mapped')
        self.assertEqual(client.call('get', 'key-2999'), VALUE)
        self.assertEqual(client.call('get', 'key-10'), VALUE)
        self.assertEqual(client.call('config', 'set', 'maxmemory', str(16 * MIB)), b'OK')
        client.call('set', 'another', 'value')
        # A bounded piece is evicted per turn, so that nobody waits: while it serves it gets on.
        def has_shrunk():
            for _ in range(500):
                client.call('ping')
            return kv.rss_bytes() < full - 130 * MIB
        server.wait_until(has_shrunk, 20, 'the machine has its memory back')
        self.assertEqual(client.call('get', 'another'), b'value')
        self.assertEqual(kv.counters()['cache_l1_own_bytes'], own, 'addresses are kept')
        self.check_clean_exit(kv.stop())


if __name__ == '__main__':
    tap_main.main()
