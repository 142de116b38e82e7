"""Random memcached commands, text and meta. Each is one request; its answer ends where the protocol says."""

KEYS = 8
# None from 2^63 to 2^64: to be sure that such a number has no sign, memcached 1.6.18 looks for one in all the memory behind it, and so
# finds what older items have left there. (A value of blanks alone is read on into that memory, too.)
NUMBERS = [b'0', b'1', b'2', b'10', b'99', b'100', b'4294967296', b'18446744073709551616', b'-1', b'x', b'007']
LARGE = b'18446744073709551615'  # to be subtracted
BLANKS = b' \t\n\v\f\r'
TIMES = [b'0', b'0', b'0', b'1000000', b'-1', b'4000000000'[:9], b'x']
SIZES = [0, 1, 2, 10, 20, 100, 255, 256, 1000, 5000, 20000]


class MemcachedConnection:
    def __init__(self, stream):
        self.stream = stream
        self.file = stream.makefile('rb')

    def send(self, commands):
        # What is quiet has no answer of its own: a no-op behind each request ends its answer.
        self.stream.sendall(b''.join(request + b'mn\r\n' for request in commands))

    def reply(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError('the server has closed')
            if line == b'MN\r\n':
                return lines
            lines.append(line)
            words = line.split()
            if words and words[0] in (b'VALUE', b'VA'):
                lines.append(self.file.read(int(words[3 if words[0] == b'VALUE' else 1]) + 2))

    def ask(self, request):
        self.send([request])
        return self.reply()


class MemcachedCommands:
    def __init__(self, random):
        self.random = random

    def setup(self, ask_ours, ask_theirs):
        ask_ours(b'flush_all\r\n')

    def key(self):
        return b'key%d' % self.random.randrange(KEYS)

    def pick(self, *choices):
        return self.random.choice(choices)

    def value(self):
        if self.random.random() < 0.5:
            return self.random.choice(NUMBERS)
        return self.random.randbytes(self.random.choice(SIZES)).replace(b'MN\r\n', b'').lstrip(BLANKS)

    def storing(self):
        value = self.value()
        name = self.pick(b'set', b'set', b'add', b'replace', b'append', b'prepend', b'cas')
        words = [name, self.key(), self.pick(b'0', b'5', b'4294967295'), self.pick(b'0', b'0', b'0', b'1000000', b'-1'), b'%d' % len(value)]
        if name == b'cas':
            words.append(b'999999999999')
        if self.random.random() < 0.2:
            words.append(b'noreply')
        return b' '.join(words) + b'\r\n' + value + b'\r\n'

    def line(self, *words):
        noreply = [b'noreply'] if self.random.random() < 0.15 else []
        return b' '.join([*words, *noreply]) + b'\r\n'

    def flags(self, choices, most=4):
        chosen = self.random.sample(choices, self.random.randint(0, min(most, len(choices))))
        return [flag if isinstance(flag, bytes) else flag() for flag in chosen]

    def meta_get(self):
        flags = self.flags([b'v', b'k', b'f', b's', b't', b'q', b'h', b'u', b'Oabc', lambda: b'N' + self.pick(b'0', b'1000'),
                            lambda: b'R' + self.pick(b'30', b'2000000'), lambda: b'T' + self.pick(b'0', b'1000', b'x'), b'v', b'!'][:13], 6)
        return b' '.join([b'mg', self.key(), *dict.fromkeys(flags)]) + b'\r\n'

    def meta_set(self):
        value = self.value()
        flags = self.flags([lambda: b'T' + self.pick(b'0', b'1000', b'-1', b'x'), lambda: b'F' + self.pick(b'1', b'99'), b'k', b'Oq1', b'q',
                            lambda: b'M' + self.pick(b'S', b'E', b'A', b'P', b'R', b'z', b'set'), b'N1000', b'C999999999999', b'I'], 5)
        if b'ME' in flags:  # the new item takes over the number that was given, as ours cannot
            flags = [flag for flag in flags if flag[:1] != b'C']
        return b' '.join([b'ms', self.key(), b'%d' % len(value), *flags]) + b'\r\n' + value + b'\r\n'

    def meta_delete(self):
        return b' '.join([b'md', self.key(), *self.flags([b'q', b'k', b'Ox', b'I', b'T300', b'C999999999999'])]) + b'\r\n'

    def meta_arithmetic(self):
        flags = self.flags([b'v', b't', b'k', b'q', b'Oz', b'N0', b'J13', lambda: b'D' + self.pick(*NUMBERS),
                            lambda: b'M' + self.pick(b'I', b'D', b'+', b'-', b'z', b'incr'), b'T1000', b'C999999999999'], 6)
        return b' '.join([b'ma', self.key(), *flags]) + b'\r\n'

    @staticmethod
    def relevant(history, request):
        keys = [word for word in request.split() if word.startswith(b'key')]
        return [line for line in history if any(key in line[0] for key in keys)]

    @staticmethod
    def needs_pause_before(request):
        """While a reply with an item's value is on its way, memcached counts in a new item, else in the old one, with blanks behind."""
        return request.split()[0] in (b'incr', b'decr', b'ma')

    def next(self):
        make = self.random.choices(
            [self.storing, lambda: b' '.join([b'get'] + [self.key() for _ in range(self.random.randint(1, 4))]) + b'\r\n',
             lambda: self.line(b'incr', self.key(), self.pick(*NUMBERS)),
             lambda: self.line(b'decr', self.key(), self.pick(*NUMBERS, LARGE)),
             lambda: self.line(b'touch', self.key(), self.pick(*TIMES)), lambda: self.line(b'delete', self.key()),
             lambda: b' '.join([b'gat', self.pick(*TIMES), self.key(), self.key()]) + b'\r\n',
             self.meta_get, self.meta_set, self.meta_delete, self.meta_arithmetic,
             lambda: self.pick(b'version\r\n', b'verbosity 1\r\n', b'flush_all\r\n', b'nonsense\r\n', b'get\r\n', b'me nothing\r\n')],
            [10, 6, 3, 3, 2, 2, 2, 8, 6, 3, 5, 1])[0]
        return make()

    def same(self, request, theirs, ours):
        if theirs == ours:
            return True
        # Two clocks: a number of seconds that are left may differ by one.
        if len(theirs) != len(ours):
            return False
        return all(self.same_line(one, other) for one, other in zip(theirs, ours))

    @staticmethod
    def same_line(theirs, ours):
        if theirs == ours:
            return True
        one, other = theirs.split(), ours.split()
        near = lambda a, b: a == b or (a[:1] == b[:1] == b't' and abs(int(a[1:]) - int(b[1:])) <= 1)
        return len(one) == len(other) and one[:1] in ([b'HD'], [b'VA']) and all(near(a, b) for a, b in zip(one, other))
