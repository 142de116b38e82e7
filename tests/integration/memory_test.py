"""A server that has seen much owns no more memory than one that has seen some."""

import os
import statistics
import time

import tap_main
import torture

SECONDS = int(os.environ.get('CORERING_MEMORY_SECONDS', '15'))
CONNECTIONS = 200
SLACK_BYTES = 4 << 20

# So little that the first third touches all of it: a later burst that touches a chunk for the first time is no leak.
CHUNK_MEMORY = '--chunk_memory=4MiB'


class MemoryTest(torture.TortureTest):
    timeout_s = SECONDS + torture.WIND_DOWN_S + 30

    def check_flat(self, *flags):
        echo = self.start('--max_connections=1000', CHUNK_MEMORY, *flags)
        descriptor_count = echo.descriptor_count()
        client = self.start_torture(echo, connections=CONNECTIONS, seconds=SECONDS)
        samples = self.sample_rss(echo, SECONDS)
        self.check_after_torture(echo, self.finish_torture(client, SECONDS), descriptor_count)
        third = len(samples) // 3
        first, middle, last = (statistics.fmean(samples[third * part:third * (part + 1)]) for part in range(3))
        tap_main.say(f'RSS of the three thirds, MiB: {first / 2**20:.1f} {middle / 2**20:.1f} {last / 2**20:.1f}')
        self.assertLessEqual(last, middle * 1.1 + SLACK_BYTES)

    def sample_rss(self, echo, seconds):
        samples = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            samples.append(echo.rss_bytes())
            time.sleep(0.1)
        return samples

    def test_session_handler(self):
        self.check_flat('--handler=session')

    def test_coroutine_handler(self):
        self.check_flat('--handler=coroutine')


if __name__ == '__main__':
    tap_main.main()
