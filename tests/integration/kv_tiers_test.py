"""The tiers below memory: what does not fit into it is served from the files, survives a clean stop wholly and a crash up to the last
sync point, and is never wrong. CORERING_ROUNDS sets how often the server is killed, CORERING_SEED the random choices."""

import bisect
import itertools
import os
import random
import re
import shutil
import threading
import time
import unittest
import urllib.error
import urllib.request

import kv_server
import server
import tap_main

SEED = int(os.environ.get('CORERING_SEED', random.randrange(1 << 32)))
ROUNDS = int(os.environ.get('CORERING_ROUNDS', 4))
tap_main.say(f'CORERING_SEED={SEED}')


class Zipf:
    """Ranks below count, the smaller the more often."""

    def __init__(self, count, exponent, chance):
        self._chance = chance
        self._sums = list(itertools.accumulate(1 / rank ** exponent for rank in range(1, count + 1)))

    def draw(self):
        return bisect.bisect(self._sums, self._chance.random() * self._sums[-1])


def value_of(key, version, size):
    """Says whose value it is, and which; every byte of it."""
    stem = f'{key}/{version}/'.encode()
    return (stem * (size // len(stem) + 1))[:size] + b'|' + stem


def version_of(key, value):
    """The version that the value is of. AssertionError if it is torn, or another key's."""
    stem = value[value.rindex(b'|') + 1:]
    owner, version, _ = stem.split(b'/')
    if owner.decode() != key or value != value_of(key, int(version), len(value) - len(stem) - 1):
        raise AssertionError(f'{key} has a value that nobody stored: {value[:60]!r}... ({len(value)} bytes)')
    return int(version)


class TiersTest(kv_server.KvTest):
    timeout_s = 120

    def setUp(self):
        super().setUp()
        self.folder = self.temporary_path('tiers')

    def flags(self, cores=2, l1='16MiB', l2='16MiB', l3='256MiB', sync_ms=100):
        return (f'--cores={cores}', f'--l1_bytes={l1}', f'--l2_bytes={l2}', f'--l3_path={self.folder}', f'--l3_bytes={l3}',
                f'--l3_sync_ms={sync_ms}')

    def start_ready(self, *flags):
        """A server that has read its files back."""
        kv = self.start(*flags)
        client = self.client(kv)
        server.wait_until(lambda: not self.is_loading(client.call('EXISTS', 'key')), 30, 'the end of loading')
        return kv, client

    @staticmethod
    def is_loading(reply):
        return isinstance(reply, kv_server.Error) and reply.startswith('LOADING ')

    @staticmethod
    def tiers(client):
        lines = client.call('INFO', 'tiers').decode().split('\r\n')
        return dict(line.split(':', 1) for line in lines if ':' in line)

    def stop_clean(self, kv):
        """Returns the line that says what was saved."""
        exit_ = kv.stop()
        self.check_clean_exit(exit_)
        return next(line for line in exit_.stderr if ': saved ' in line)

    def crash(self, kv):
        kv.process.kill()
        kv.process.wait()

    def make_all_cold(self, kv, client):
        """Another server whose items lie in the files only."""
        client.close()
        self.stop_clean(kv)
        return self.start_ready(*self.flags())


class StartTest(TiersTest):
    def refusal(self, *flags, code=1):
        exit_ = self.refused(*flags)
        self.check_refusal(exit_, code)
        return exit_.stderr[0]

    def test_impossible_sizes_are_refused(self):
        self.assertIn('need a folder for the files as well: --l3_path', self.refusal('--l3_bytes=1GiB', code=2))
        self.assertIn('need a folder for the files as well: --l3_path', self.refusal('--l3_reset', code=2))
        self.assertIn('need 32MiB to 1000GiB', self.refusal(f'--l3_path={self.folder}', '--cores=1', code=2))
        self.assertIn('need 32MiB to 1000GiB', self.refusal(*self.flags(l3='63MiB'), code=2))
        self.assertIn('need 0, or at least 8MiB for each of 2 cores', self.refusal(*self.flags(l2='15MiB'), code=2))
        self.assertIn('need 1 to 60000', self.refusal(*self.flags(sync_ms=0), code=2))
        self.assertIn('need another policy', self.refusal(*self.flags(), '--eviction=noeviction', code=2))

    def test_a_folder_that_cannot_be_is_refused(self):
        self.folder += '/far/below'
        self.assertIn('No such file or directory: make it', self.refusal(*self.flags()))
        self.folder = self.temporary_path('file')
        with open(self.folder, 'w', encoding='ascii') as file:
            file.write('mine')
        self.assertIn('which is not a folder', self.refusal(*self.flags()))

    @unittest.skipIf(os.geteuid() == 0, 'root may write everywhere')
    def test_a_folder_that_may_not_be_written_is_refused(self):
        os.mkdir(self.folder, 0o500)
        self.assertIn('Permission denied: choose an --l3_path that this user may write', self.refusal(*self.flags()))

    def test_a_disk_that_is_too_small_is_refused_and_less_is_taken(self):
        free = shutil.disk_usage(os.path.dirname(self.folder)).free
        if free > 400 << 30:
            self.skipTest('this disk is larger than a file may be')
        self.assertIn('make room, or ask for less with --l3_bytes', self.refusal(*self.flags(l3=f'{(2 * free) >> 20}MiB')))
        self.start_ready(*self.flags(l3='64MiB'))

    def test_a_file_in_use_is_refused(self):
        kv, _ = self.start_ready(*self.flags())
        line = self.refusal(*self.flags())
        self.assertIn(f'is in use by process {kv.pid}', line)
        self.assertIn(f'is in use by process {kv.pid}', self.refusal(*self.flags(), '--l3_reset'))

    def test_other_sizes_other_cores_and_foreign_files_are_left_as_they_are(self):
        kv, client = self.start_ready(*self.flags())
        client.call('SET', 'key', 'value')
        self.stop_clean(kv)
        self.assertIn('asked for', self.refusal(*self.flags(l3='128MiB')))
        line = self.refusal(*self.flags(cores=1))
        self.assertIn('found cache files of 2 cores', line)
        self.assertIn('start with --cores=2', line)
        # A file under another's name is another's.
        first, second = (f'{self.folder}/core-{core}-of-2.l3' for core in (0, 1))
        os.rename(first, first + '.away')
        os.rename(second, first)
        self.assertIn('belongs to owner', self.refusal(*self.flags()))
        os.rename(first, second)
        with open(first, 'wb') as file:
            file.write(b'my diary' * 1000)
        self.assertIn('is not a cache file', self.refusal(*self.flags()))
        with open(first, 'rb') as file:
            self.assertEqual(file.read(), b'my diary' * 1000)
        os.rename(first + '.away', first)
        _, client = self.start_ready(*self.flags())
        self.assertEqual(client.call('GET', 'key'), b'value')

    def test_another_version_is_refused(self):
        kv, _ = self.start_ready(*self.flags())
        self.stop_clean(kv)
        with open(f'{self.folder}/core-0-of-2.l3', 'r+b') as file:
            file.seek(8)
            file.write(b'\x63\x00\x00\x00')
        line = self.refusal(*self.flags())
        self.assertIn('has version 99 of the format', line)
        self.assertIn('--l3_reset', line)

    def test_a_reset_throws_away_what_is_there(self):
        kv, client = self.start_ready(*self.flags())
        client.call('SET', 'key', 'value')
        self.stop_clean(kv)
        kv, client = self.start_ready(*self.flags(cores=1, l3='64MiB'), '--l3_reset')
        self.assertEqual(client.call('DBSIZE'), 0)
        self.stop_clean(kv)
        self.assertEqual(os.listdir(self.folder), ['core-0-of-1.l3'])

    def test_nothing_is_missed_while_the_files_are_read(self):
        kv, client = self.start_ready(*self.flags())
        for first in range(0, 100_000, 1000):
            client.pipeline(('SET', f'key:{number}', 'v' * 800) for number in range(first, first + 1000))
        items = client.call('DBSIZE')
        self.stop_clean(kv)
        kv = self.start(*self.flags(), '--metrics_port=0')
        client = self.client(kv)
        seen = 0
        while self.is_loading(reply := client.call('GET', 'key:77')):
            seen += 1
            self.assertRegex(client.call('INFO', 'persistence'), rb'\nloading:[01]\r')
        tap_main.say(f'{seen} replies were LOADING')
        self.assertIn(reply, (b'v' * 800, None) if items < 100_000 else (b'v' * 800, ))
        self.assertRegex(client.call('INFO', 'persistence'), rb'\nloading:0\r')
        self.assertEqual(client.call('DBSIZE'), items)
        self.assertTrue([line for line in kv.stderr() if ': recovered ' in line])

    def test_readyz_says_when_it_serves(self):
        kv, client = self.start_ready(*self.flags())
        for first in range(0, 50_000, 1000):
            client.pipeline(('SET', f'key:{number}', 'v' * 800) for number in range(first, first + 1000))
        client.close()
        self.stop_clean(kv)
        kv = self.start(*self.flags(), '--metrics_port=-1')
        client = self.client(kv)
        url = server.wait_until(lambda: re.findall(r'live page and metrics on (http://\S+)/', '\n'.join(kv.stdout())), 10, 'the line')[0]
        not_yet = []
        while (answer := self.ask(url + '/readyz'))[0] != 200:
            not_yet.append(answer)
        tap_main.say(f'{len(not_yet)} answers before it was ready')
        self.assertLessEqual(set(not_yet), {(503, b'recovering\n')})
        self.assertFalse(self.is_loading(client.call('GET', 'key')))

    @staticmethod
    def ask(url):
        try:
            with urllib.request.urlopen(url) as page:
                return page.status, page.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


class SavedTest(TiersTest):
    def test_a_set_ten_times_the_memory(self):
        chance = random.Random(SEED)
        kv, client = self.start_ready(*self.flags(l1='8MiB', l2='16MiB', l3='512MiB'))
        keys = [f'key:{number}' for number in range(100_000)]
        size = 1400
        for first in range(0, len(keys), 500):
            replies = client.pipeline(('SET', key, value_of(key, 1, size)) for key in keys[first:first + 500])
            self.assertEqual(set(replies), {b'OK'})
        zipf = Zipf(len(keys), 0.99, chance)
        order = chance.sample(keys, len(keys))
        found = 0
        for _ in range(150):
            wanted = [order[zipf.draw()] for _ in range(100)]
            for key, value in zip(wanted, client.pipeline(('GET', key) for key in wanted)):
                if value is not None:
                    self.assertEqual(version_of(key, value), 1)
                    found += 1
        tiers = self.tiers(client)
        tap_main.say(f"hits {found / 15_000:.4f}; L1 {tiers['l1_hits']}, L2 {tiers['l2_hits']}, L3 {tiers['l3_hits']}")
        self.assertGreater(int(tiers['l3_hits']), 0)
        tap_main.say(f"L3 overruns {tiers['l3_overruns']}, errors {tiers['l3_errors']}, free {tiers['l3_segments_free']}")
        # Memory does not wait for a slow disk: what found no room was evicted, and counted, or, if it was far behind, the file has
        # forgotten what it held.
        evicted = int(tiers['l1_evictions']) + int(tiers['l2_l3_evictions'])
        if tiers['l3_overruns'] == '0':
            self.assertEqual(int(tiers['items']), len(keys) - evicted)
        self.assertGreater(int(tiers['items']), 10_000)
        self.assertIn(f"saved {tiers['items']} items", self.stop_clean(kv))
        kv, client = self.start_ready(*self.flags(l1='8MiB', l2='16MiB', l3='512MiB'))
        self.assertEqual(client.call('DBSIZE'), int(tiers['items']))
        found = 0
        for first in range(0, len(keys), 500):
            some = keys[first:first + 500]
            for key, value in zip(some, client.call('MGET', *some)):
                found += value is not None and version_of(key, value)
        self.assertEqual(found, int(tiers['items']))

    def test_a_client_that_reads_nothing_costs_nobody_what_he_stored(self):
        kv, client = self.start_ready(*self.flags(), '--drain_timeout_s=2')
        lazy = self.client(kv, receive_buffer_bytes=4096)
        client.call('SET', 'large', b'x' * 200_000)
        lazy.send(*[('GET', 'large')] * 200)
        time.sleep(0.2)
        client.call('SET', 'key', 'value')
        exit_ = kv.stop()
        self.assertEqual(exit_.code, 0)
        self.assertTrue([line for line in exit_.stderr if ': saved 2 items' in line], exit_.stderr)
        _, client = self.start_ready(*self.flags())
        self.assertEqual(client.call('GET', 'key'), b'value')

    def test_shutdown_saves_and_nosave_does_not(self):
        kv, client = self.start_ready(*self.flags(sync_ms=60_000))
        client.call('SET', 'key', 'value')
        client.send(('SHUTDOWN', 'SAVE'))
        self.assertIn('saved 1 items', '\n'.join(kv.wait_exit(10).stderr))
        kv, client = self.start_ready(*self.flags(sync_ms=60_000))
        self.assertEqual(client.call('GET', 'key'), b'value')
        client.call('SET', 'key', 'changed')
        client.send(('SHUTDOWN', 'NOSAVE'))
        exit_ = kv.wait_exit(10)
        self.assertEqual(exit_.code, 0)
        self.assertIn('not saved, as SHUTDOWN NOSAVE wanted it', '\n'.join(exit_.stderr))
        kv, client = self.start_ready(*self.flags(sync_ms=60_000))
        self.assertEqual(client.call('GET', 'key'), b'value')

    def test_save_is_a_sync_point(self):
        kv, client = self.start_ready(*self.flags(sync_ms=60_000))
        for number in range(200):
            client.call('SET', f'key:{number}', number)
        before = int(client.call('LASTSAVE'))
        self.assertEqual(client.call('SAVE'), b'OK')
        client.call('SET', 'key:0', 'after')
        self.crash(kv)
        kv, client = self.start_ready(*self.flags(sync_ms=60_000))
        self.assertEqual(client.call('MGET', *(f'key:{number}' for number in range(1, 200))),
                         [str(number).encode() for number in range(1, 200)])
        self.assertIn(client.call('GET', 'key:0'), (b'0', b'after'))
        self.assertGreaterEqual(int(client.call('LASTSAVE')), before)
        self.assertEqual(client.call('BGSAVE'), b'Background saving started')

    def test_flushes_and_deletes_stay(self):
        kv, client = self.start_ready(*self.flags())
        for number in range(50):
            client.call('SELECT', number % 2)
            client.call('SET', f'key:{number}', number)
        client.call('SAVE')
        client.call('SELECT', 0)
        client.call('FLUSHDB')
        client.call('SELECT', 1)
        self.assertEqual(client.call('DEL', 'key:1', 'key:3'), 2)
        client.call('SAVE')
        self.crash(kv)
        kv, client = self.start_ready(*self.flags())
        self.assertEqual(client.call('MGET', *(f'key:{number}' for number in range(0, 50, 2))), [None] * 25)
        client.call('SELECT', 1)
        self.assertEqual(client.call('MGET', 'key:1', 'key:3', 'key:5'), [None, None, b'5'])
        client.call('FLUSHALL')
        client.call('SET', 'new', 1)
        client.call('SAVE')
        self.crash(kv)
        kv, client = self.start_ready(*self.flags())
        client.call('SELECT', 1)
        self.assertEqual(client.call('KEYS', '*'), [b'new'])


class ColdTest(TiersTest):
    """Every command on keys that lie in the files only."""

    def setUp(self):
        super().setUp()
        self.kv, self.one = self.start_ready(*self.flags())

    def store(self, *keys, value='value'):
        for key in keys:
            self.one.call('SET', key, value)

    def cool(self):
        self.kv, self.one = self.make_all_cold(self.kv, self.one)

    def check(self, *steps):
        for arguments, expected in steps:
            self.assertEqual(self.one.call(*arguments), expected, arguments)

    def test_commands_with_one_key(self):
        keys = [f'key:{number}' for number in range(30)]
        self.store(*keys, value='12')
        self.one.call('SET', 'expiring', 'x', 'EX', 1000)
        self.cool()
        self.check((('GET', keys[0]), b'12'), (('STRLEN', keys[1]), 2), (('TYPE', keys[2]), b'string'), (('TYPE', 'expiring'), b'string'),
                   (('EXISTS', keys[3]), 1), (('SETNX', keys[4], 'x'), 0), (('GET', keys[4]), b'12'), (('INCR', keys[5]), 13),
                   (('APPEND', keys[6], '3'), 3), (('GETSET', keys[7], 'n'), b'12'), (('GETDEL', keys[8]), b'12'),
                   (('GET', keys[8]), None), (('SET', keys[9], 'y', 'XX', 'GET'), b'12'), (('DEL', keys[10]), 1),
                   (('EXISTS', keys[10]), 0), (('EXPIRE', keys[11], 100), 1), (('TTL', keys[12]), -1),
                   (('PERSIST', 'expiring'), 1), (('OBJECT', 'ENCODING', keys[13]), b'int'), (('GETRANGE', keys[14], 1, 1), b'2'),
                   (('SETRANGE', keys[15], 1, '9'), 2), (('GET', keys[15]), b'19'), (('BITCOUNT', keys[16]), 6),
                   (('SETBIT', keys[17], 0, 1), 0), (('DUMP', 'absent'), None), (('UNLINK', keys[18]), 1))

    def test_a_pipeline_of_cold_keys(self):
        keys = [f'key:{number}' for number in range(1000)]
        for key in keys:
            self.store(key, value=key)
        self.cool()
        self.assertEqual(self.one.pipeline(('GET', key) for key in keys), [key.encode() for key in keys])

    def test_commands_with_many_keys(self):
        keys = [f'key:{number}' for number in range(1000)]
        self.store(*keys)
        self.cool()
        self.check((('MGET', *keys), [b'value'] * 1000), )
        self.cool()
        self.check((('MSETNX', 'new', 1, keys[7], 2), 0), (('EXISTS', *keys, 'new'), 1000), (('DEL', *keys[:500]), 500),
                   (('DBSIZE', ), 500))

    def test_other_databases_are_looked_at(self):
        self.store('a', 'b', 'c', 'd', 'e')
        self.one.call('SELECT', 3)
        self.store('a', 'c', value='three')
        self.cool()
        self.check((('COPY', 'a', 'c', 'DB', 3), 0), (('MOVE', 'a', 3), 0), (('COPY', 'b', 'c', 'DB', 3, 'REPLACE'), 1),
                   (('MOVE', 'b', 3), 1), (('RENAME', 'd', 'e'), b'OK'), (('RENAMENX', 'e', 'c'), 0), (('SELECT', 3), b'OK'),
                   (('GET', 'c'), b'value'), (('GET', 'a'), b'three'), (('GET', 'b'), b'value'))

    def test_transactions_find_what_they_select(self):
        self.store('a', 'b', value='zero')
        self.one.call('SELECT', 1)
        self.store('a', 'b', value='one')
        self.one.call('SELECT', 0)
        self.cool()
        self.check((('WATCH', 'b'), b'OK'))
        self.check((('MULTI', ), b'OK'), (('GET', 'a'), b'QUEUED'), (('SELECT', 1), b'QUEUED'), (('GET', 'a'), b'QUEUED'),
                   (('SWAPDB', 0, 1), b'QUEUED'), (('GET', 'b'), b'QUEUED'),
                   (('EXEC', ), [b'zero', b'OK', b'one', b'OK', b'zero']))

    def test_keys_are_found(self):
        keys = {f'key:{number}'.encode() for number in range(500)}
        self.store(*(key.decode() for key in keys))
        self.one.call('SELECT', 2)
        self.store('other')
        self.cool()
        self.assertEqual(set(self.one.call('KEYS', '*')), keys)
        self.assertEqual(self.one.call('KEYS', 'key:77'), [b'key:77'])
        self.assertIn(self.one.call('RANDOMKEY'), keys)
        self.cool()
        found, cursor = [], b'0'
        while True:
            cursor, some = self.one.call('SCAN', cursor, 'COUNT', 20)
            found += some
            if cursor == b'0':
                break
        self.assertEqual(set(found), keys)
        self.assertAlmostEqual(self.one.call('DBSIZE'), 500, delta=5)
        self.one.call('SELECT', 2)
        self.assertEqual(self.one.call('RANDOMKEY'), b'other')
        self.assertEqual(self.one.call('SCAN', 0, 'COUNT', 100_000)[1], [])  # of the first core, or
        self.assertEqual(self.one.call('KEYS', '*'), [b'other'])

    def test_a_large_value_over_a_cold_one(self):
        self.store('key')
        self.cool()
        large = b'l' * 100_000
        self.check((('SET', 'key', large), b'OK'), (('GET', 'key'), large))

    def test_hot_keys_are_served_beside_cold_ones(self):
        keys = [f'key:{number}' for number in range(2000)]
        self.store(*keys, value='v' * 1000)
        self.cool()
        stop = threading.Event()
        other = self.client(self.kv)
        self.addCleanup(stop.set)

        def read_cold():
            for key in itertools.cycle(keys):
                if stop.is_set() or other.call('GET', key) != b'v' * 1000:
                    return

        reader = threading.Thread(target=read_cold)
        reader.start()
        self.store('hot')
        self.assertEqual(self.one.pipeline([('GET', 'hot')] * 20_000), [b'value'] * 20_000)
        self.assertTrue(reader.is_alive())
        stop.set()
        reader.join()


class Writer(threading.Thread):
    """Sets, deletes and reads its own keys, and knows for each what must be there: at least what the last SAVE found, at most what was
    asked for."""

    def __init__(self, client, number, seed):
        super().__init__()
        self._client = client
        self._chance = random.Random(seed)
        self.keys = [f'w{number}:{index}' for index in range(3000)]
        self.asked = dict.fromkeys(self.keys, (0,))   # versions that may be there since the last SAVE; 0: none
        self.latest = dict.fromkeys(self.keys, 0)
        self.version = itertools.count(1)
        self.error = None
        self.calls = 0

    def use(self, client):
        self._client = client

    def run(self):
        try:
            while True:
                for _ in range(self._chance.randrange(1, 40)):
                    self._write(self._chance.sample(self.keys, 16))
                self._save()
        except (ConnectionError, TimeoutError):
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def _write(self, keys):
        requests = []
        for key in keys:
            if self._chance.random() < 0.1:
                self.latest[key] = 0
                requests.append(('DEL', key))
            else:
                self.latest[key] = next(self.version)
                requests.append(('SET', key, value_of(key, self.latest[key], self._chance.choice((10, 200, 3000, 10_000)))))
            self.asked[key] += (self.latest[key],)
        self._client.pipeline(requests)
        self.calls += len(requests)

    # Only this writer changes these keys: what is there when SAVE has answered is what was written last, or later.
    def _save(self):
        wanted = dict(self.latest)
        if self._client.call('SAVE') != b'OK':
            raise AssertionError('SAVE was refused')
        self.asked = {key: (version,) for key, version in wanted.items()}

    def check(self, client):
        """After a restart. What is there is what counts from now on."""
        misses = lost = 0
        for first in range(0, len(self.keys), 100):
            some = self.keys[first:first + 100]
            for key, value in zip(some, client.call('MGET', *some)):
                version = 0 if value is None else version_of(key, value)
                # The cache may have evicted it; but what it shows must be as of the last sync point, or later.
                if version and version not in self.asked[key]:
                    raise AssertionError(f'{key} has version {version}, of {self.asked[key]}')
                misses += version not in self.asked[key]
                lost += version in self.asked[key] and version != self.latest[key]
                self.asked[key] = (version,)
                self.latest[key] = version
        return misses, lost


class CrashTest(TiersTest):
    timeout_s = 60 + 20 * ROUNDS

    def test_killed_under_load(self):
        chance = random.Random(SEED)
        flags = self.flags(l1='8MiB', l2='16MiB', l3='512MiB', sync_ms=50)
        kv, client = self.start_ready(*flags)
        writers = [Writer(None, number, chance.random()) for number in range(3)]
        for round_ in range(ROUNDS):
            for writer in writers:
                writer.use(self.client(kv))
                writer.start()
            time.sleep(chance.uniform(0.3, 2))
            self.crash(kv)
            for writer in writers:
                writer.join()
                if writer.error:
                    raise writer.error
            kv, client = self.start_ready(*flags)
            changed = [writer.check(client) for writer in writers]
            recovered = [line.partition('corering: ')[2] for line in kv.stderr() if ': recovered ' in line]
            tap_main.say(f'round {round_}: {sum(writer.calls for writer in writers)} writes, (missed, older) {changed}; {recovered}')
            again = []
            for number, writer in enumerate(writers):
                copy = Writer(None, number, chance.random())
                copy.asked, copy.latest, copy.version = writer.asked, writer.latest, writer.version
                again.append(copy)
            writers = again
        self.stop_clean(kv)


if __name__ == '__main__':
    tap_main.main()
