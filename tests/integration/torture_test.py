"""A thousand good, slow, rude and hostile clients at once. CORERING_TORTURE_SECONDS sets the time; the full form is 30."""

import os

import tap_main
import torture

SECONDS = int(os.environ.get('CORERING_TORTURE_SECONDS', '10'))
CONNECTIONS = int(os.environ.get('CORERING_TORTURE_CONNECTIONS', '1000'))


class ThousandClientsTest(torture.TortureTest):
    timeout_s = SECONDS + torture.WIND_DOWN_S + 30

    def check_torture(self, *flags, seconds=SECONDS, message_bytes_max=1_048_576, **how):
        echo = self.start(f'--max_connections={CONNECTIONS + 1000}', *flags, **how)
        descriptor_count = echo.descriptor_count()
        client = self.start_torture(echo, connections=CONNECTIONS, seconds=seconds,
                                    flags=[f'--message_bytes_max={message_bytes_max}'])
        return self.check_after_torture(echo, self.finish_torture(client, seconds), descriptor_count)

    def test_session_handler(self):
        self.check_torture('--handler=session', '--cores=1')

    def test_coroutine_handler_on_two_cores(self):
        self.check_torture('--handler=coroutine', '--cores=2')

    def test_direct_descriptors(self):
        self.check_torture('--direct_descriptors', seconds=max(SECONDS // 2, 1))

    def test_fewer_chunks_than_clients(self):
        # Receives find no chunk all the time: every starved client must get its turn.
        counters = self.check_torture('--chunk_memory=4MiB', '--cores=1', seconds=max(SECONDS // 2, 1))
        self.assertGreater(counters['starved'], 0)

    def test_unix_socket(self):
        self.check_torture(seconds=max(SECONDS // 2, 1), unix_socket=self.temporary_path('echo.sock'))

    def test_small_messages_and_much_coming_and_going(self):
        self.check_torture('--cores=2', seconds=max(SECONDS // 2, 1), message_bytes_max=2_000)


if __name__ == '__main__':
    tap_main.main()
