"""Random Redis commands on strings and keys: every command and option, odd sizes, boundary numbers, wrong arity."""

INTEGERS = [b'0', b'1', b'-1', b'2', b'7', b'8', b'9', b'10', b'100', b'-100', b'9999', b'10000', b'255', b'-5', b'31', b'63', b'64',
            b'9223372036854775807', b'-9223372036854775808', b'9223372036854775808', b'9223372036854775806',
            b'2147483647', b'2147483648', b'-2147483649', b'01', b'+1', b' 1', b'1 ', b'', b'abc', b'1.5', b'-0', b'18446744073709551616']
FLOATS = [b'0', b'1.5', b'-1.5', b'3.0e3', b'1e400', b'-1e-5', b'inf', b'nan', b'0.1', b'10.50', b'abc', b'', b'1 ', b'5e-3',
          b'9999999999999999', b'0x10', b'-0.0']
SMALL = [b'0', b'1', b'2', b'3', b'5', b'-1', b'-2', b'-3', b'10', b'100', b'-100', b'x', b'']
OFFSETS = [b'0', b'1', b'5', b'7', b'8', b'9', b'15', b'16', b'100', b'1000', b'-1', b'x', b'4294967295999', b'#1', b'#0']
# Far enough that no answer depends on when it is computed.
TIMES = [b'1000000', b'2000000', b'0', b'-1', b'x', b'9223372036854775807', b'9223372036854776', b'9223372036854775', b'']
MOMENTS_S = [b'4000000000', b'4000000001', b'0', b'-1', b'x', b'9223372036854775807']
MOMENTS_MS = [b'4000000000000', b'4000000000500', b'4000000000499', b'0', b'-1', b'x']
PATTERNS = [b'*', b'key:*', b'key:?', b'key:[0-4]', b'key:1', b'k*[^1-3]', b'', b'nothing', b'\\k*', b'*:1*']
TYPES = [b'u1', b'u8', b'i8', b'u16', b'i16', b'i5', b'u63', b'i64', b'u64', b'i65', b'i0', b'x8', b'u', b'', b'I8']
SIZES = [0, 1, 2, 3, 8, 11, 12, 43, 44, 45, 63, 64, 100, 255, 256, 257, 1000, 4096, 16383, 16384, 20000, 70000]


class RedisCommands:
    def __init__(self, random):
        self.random = random

    def key(self):
        return b'key:%d' % self.random.randrange(12)

    def value(self):
        kind = self.random.random()
        if kind < 0.35:
            return self.random.choice(INTEGERS)
        if kind < 0.45:
            return self.random.choice(FLOATS)
        size = self.random.choice(SIZES if self.random.random() < 0.15 else SIZES[:14])
        if kind < 0.7:
            return bytes(self.random.choice(b'ab') for _ in range(min(size, 64)))
        return self.random.randbytes(size)

    def pick(self, *choices):
        return self.random.choice(choices)

    def case(self, word):
        return self.random.choice([word, word.lower(), word.upper(), word.capitalize()])

    def some(self, make, low=1, high=4):
        return [make() for _ in range(self.random.randint(low, high))]

    def maybe(self, words, chance=0.5):
        return list(words) if self.random.random() < chance else []

    # --- the table: a name and what follows it

    def set(self):
        options = []
        for _ in range(self.random.choice([0, 0, 0, 1, 1, 2, 3])):
            options += self.pick([b'nx'], [b'xx'], [b'get'], [b'keepttl'], [b'ex', self.pick(*TIMES)], [b'px', self.pick(*TIMES)],
                                 [b'exat', self.pick(*MOMENTS_S)], [b'pxat', self.pick(*MOMENTS_MS)], [b'ex'], [b'persist'], [b'zz'])
        return [self.key(), self.value()] + options

    def getex(self):
        return [self.key()] + self.pick([], [b'persist'], [b'ex', self.pick(*TIMES)], [b'px', self.pick(*TIMES)],
                                        [b'exat', self.pick(*MOMENTS_S)], [b'pxat', self.pick(*MOMENTS_MS)], [b'ex'], [b'keepttl'],
                                        [b'ex', b'10', b'persist'])

    def pairs(self):
        pairs = [part for _ in range(self.random.randint(1, 4)) for part in (self.key(), self.value())]
        return pairs[:-1] if self.random.random() < 0.1 else pairs

    def expire(self, times):
        return [self.key(), self.pick(*times)] + self.maybe([self.pick(b'nx', b'xx', b'gt', b'lt', b'zz')], 0.5) + \
            self.maybe([self.pick(b'nx', b'xx', b'gt', b'lt')], 0.15)

    def lcs(self):
        options = []
        for _ in range(self.random.randrange(4)):
            options += self.pick([b'idx'], [b'len'], [b'withmatchlen'], [b'minmatchlen', self.pick(*SMALL)], [b'minmatchlen'], [b'zz'])
        return [self.key(), self.key()] + options

    def bitfield(self, actions):
        words = []
        for _ in range(self.random.randint(0, 4)):
            action = self.pick(*actions)
            place = [self.pick(*TYPES), self.pick(*OFFSETS)]
            words += {b'get': [b'get'] + place, b'set': [b'set'] + place + [self.pick(*INTEGERS)],
                      b'incrby': [b'incrby'] + place + [self.pick(*INTEGERS)],
                      b'overflow': [b'overflow', self.pick(b'wrap', b'sat', b'fail', b'zz')], b'zz': [b'zz']}[action]
        return [self.key()] + words

    def restore(self):
        # From "x", "abc", 17, 70000 and a compressed string, as Redis 7.0 writes them, and damaged ones.
        payload = self.pick(*self.payloads)
        options = []
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            options += self.pick([b'replace'], [b'absttl'], [b'idletime', self.pick(*SMALL)], [b'freq', self.pick(*SMALL)], [b'zz'])
        return [self.key(), self.pick(b'0', b'0', b'100000000', b'4000000000000', b'-1', b'x'), payload] + options

    payloads = [b'', b'\x00\x01x\x0a\x00', b'damaged payload that is long enough']

    TABLE = {
        b'set': (set, 12), b'get': (lambda self: [self.key()], 8), b'getex': (getex, 3), b'getdel': (lambda self: [self.key()], 1),
        b'getset': (lambda self: [self.key(), self.value()], 2), b'setnx': (lambda self: [self.key(), self.value()], 2),
        b'setex': (lambda self: [self.key(), self.pick(*TIMES), self.value()], 2),
        b'psetex': (lambda self: [self.key(), self.pick(*TIMES), self.value()], 2),
        b'mget': (lambda self: self.some(self.key), 2), b'mset': (pairs, 2), b'msetnx': (pairs, 2),
        b'append': (lambda self: [self.key(), self.value()], 3), b'strlen': (lambda self: [self.key()], 2),
        b'getrange': (lambda self: [self.key(), self.pick(*INTEGERS), self.pick(*INTEGERS)], 3),
        b'substr': (lambda self: [self.key(), self.pick(*SMALL), self.pick(*SMALL)], 1),
        b'setrange': (lambda self: [self.key(), self.pick(*OFFSETS), self.value()], 3),
        b'incr': (lambda self: [self.key()], 3), b'decr': (lambda self: [self.key()], 3),
        b'incrby': (lambda self: [self.key(), self.pick(*INTEGERS)], 3),
        b'decrby': (lambda self: [self.key(), self.pick(*INTEGERS)], 3),
        b'incrbyfloat': (lambda self: [self.key(), self.pick(*FLOATS)], 3), b'lcs': (lcs, 3),
        b'setbit': (lambda self: [self.key(), self.pick(*OFFSETS), self.pick(b'0', b'1', b'2', b'x', b'1')], 3),
        b'getbit': (lambda self: [self.key(), self.pick(*OFFSETS)], 2),
        b'bitcount': (lambda self: [self.key()] + self.maybe(
            [self.pick(*SMALL), self.pick(*SMALL)] + self.maybe([self.pick(b'bit', b'byte', b'zz')])) + self.maybe([b'1'], 0.1), 3),
        b'bitpos': (lambda self: [self.key(), self.pick(b'0', b'1', b'0', b'1', b'2', b'x')] + self.maybe(
            [self.pick(*SMALL)] + self.maybe([self.pick(*SMALL)] + self.maybe([self.pick(b'bit', b'byte', b'zz')]))), 4),
        b'bitop': (lambda self: [self.pick(b'and', b'or', b'xor', b'not', b'zz')] + self.some(self.key, 2, 4), 3),
        b'bitfield': (lambda self: self.bitfield([b'get', b'set', b'incrby', b'overflow', b'incrby',
            b'zz'][:5 + (self.random.random() < 0.1)]), 6),
        b'bitfield_ro': (lambda self: self.bitfield([b'get', b'get', b'get', b'set'][:3 + (self.random.random() < 0.2)]), 2),
        b'del': (lambda self: self.some(self.key), 2), b'unlink': (lambda self: self.some(self.key), 1),
        b'exists': (lambda self: self.some(self.key), 2), b'touch': (lambda self: self.some(self.key), 1),
        b'type': (lambda self: [self.key()], 1),
        b'expire': (lambda self: self.expire(TIMES), 3), b'pexpire': (lambda self: self.expire(TIMES), 3),
        b'expireat': (lambda self: self.expire(MOMENTS_S + [b'1']), 3), b'pexpireat': (lambda self: self.expire(MOMENTS_MS + [b'1']), 3),
        b'ttl': (lambda self: [self.key()], 2), b'expiretime': (lambda self: [self.key()], 2),
            b'pexpiretime': (lambda self: [self.key()], 2),
        b'pttl': (lambda self: [self.key()], 2),
        b'persist': (lambda self: [self.key()], 2),
        b'scan': (lambda self: [self.pick(b'0', b'x', b'-', b'1x')] + [b'count', b'100000'] + self.maybe([b'match', self.pick(*PATTERNS)]) +
                  self.maybe([b'type', self.pick(b'string', b'list', b'STRING')], 0.2) + self.maybe([b'count', self.pick(b'0',
                      b'-1', b'x')], 0.1) +
                  self.maybe([b'zz'], 0.1), 2),
        b'keys': (lambda self: [self.pick(*PATTERNS)], 2), b'dbsize': (lambda self: [], 2),
        b'rename': (lambda self: [self.key(), self.key()], 2), b'renamenx': (lambda self: [self.key(), self.key()], 2),
        b'copy': (lambda self: [self.key(), self.key()] + self.maybe([b'replace'], 0.4) + self.maybe([b'db', self.pick(b'0', b'1',
            b'15', b'16', b'-1', b'x', b'2147483648')], 0.4) +
                  self.maybe([b'zz'], 0.05), 3),
        b'restore': (restore, 3),
        b'object': (lambda self: self.pick([b'encoding', self.key()], [b'refcount', self.key()], [b'idletime', self.key()],
            [b'freq', self.key()],
                                           [b'help'], [b'zz', self.key()], [b'encoding'], []), 1),
        b'move': (lambda self: [self.key(), self.pick(b'0', b'1', b'2', b'15', b'16', b'-1', b'x', b'2147483648')], 2),
        b'swapdb': (lambda self: [self.pick(b'0', b'1', b'2', b'16', b'x'), self.pick(b'0', b'1', b'-1', b'x')], 0.3),
        b'select': (lambda self: [self.pick(b'0', b'0', b'1', b'2')], 0.5),
        b'flushdb': (lambda self: self.pick([], [b'sync'], [b'async'], [b'zz'], [b'sync', b'async']), 0.15),
        b'flushall': (lambda self: self.pick([], [b'sync'], [b'async'], [b'zz']), 0.1),
        b'nosuchcommand': (lambda self: self.some(self.value, 0, 3), 0.3),
    }

    def setup(self, ask_ours, ask):
        """A server that ran before is emptied; payloads of DUMP, as the oracle writes them."""
        ask_ours([b'flushall'])
        payloads = []
        for value in (b'x', b'abc', b'17', b'-300', b'70000', b'a' * 300, b'\x00\xff' * 20):
            ask([b'set', b'payload', value])
            payloads.append(ask([b'dump', b'payload']))
        ask([b'del', b'payload'])
        self.payloads = payloads + [p[:-1] for p in payloads[:2]] + self.payloads

    @staticmethod
    def relevant(history, words):
        return [line for line in history if set(line[0][1:]) & set(words[1:])] if words[1:] else history

    def needs_pause_before(self, words):
        return False

    def next(self):
        names = list(self.TABLE)
        name = self.random.choices(names, [self.TABLE[name][1] for name in names])[0]
        words = [self.case(name)] + self.TABLE[name][0](self)
        if name != b'select' and self.random.random() < 0.02:
            words = words[:-1] if self.random.random() < 0.5 and len(words) > 1 else words + [b'more']
        return words

    # --- what may differ, and why

    SORTED = {b'scan', b'keys'}  # in no order

    def same(self, words, theirs, ours):
        if theirs == ours:
            return True
        name = words[0].lower()
        if name == b'scan' and isinstance(ours, list) and isinstance(theirs, list) and ours[0] != b'0':
            return set(ours[1]) <= set(theirs[1])  # of one core: the other cores' keys follow
        if name in self.SORTED and isinstance(theirs, list) and isinstance(ours, list):
            return sorted(map(repr, theirs[-1] if name == b'scan' else theirs)) == sorted(map(repr, ours[-1] if name == b'scan' else ours))
        if name in (b'ttl', b'pttl') and theirs.isdigit() and ours.isdigit():
            return abs(int(theirs) - int(ours)) <= (1 if name == b'ttl' else 2000)  # two clocks
        if name in (b'expiretime', b'pexpiretime') and theirs.isdigit() and ours.isdigit():
            return abs(int(theirs) - int(ours)) <= 2000
        if name == b'object':  # how a value came to be decides in Redis; idle times are not kept
            return words[1].lower() in (b'encoding', b'idletime', b'refcount')
        return False
