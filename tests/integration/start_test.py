"""Starts that the environment forbids end with code 1 and one line: cause, values, remedy. Those that can work do."""

import http.client
import os
import re
import resource
import signal

import client
import server
import tap_main

ECHO = b'is anybody there?'


class PlaceInUseTest(server.ServerTest):
    def check_second(self, first, *needles, **how):
        """That a second server is refused and the first still serves old and new clients."""
        old = self.connect(first)
        self.assertEqual(client.exchange(old, ECHO), ECHO)
        self.check_refusal(self.refused(**how), 1, *needles)
        for talker in (old, self.connect(first), self.connect(first)):
            self.assertEqual(client.exchange(talker, ECHO), ECHO)
        self.check_clean_exit(first.stop())

    def test_port(self):
        for cores in (1, 2):
            with self.subTest(cores=cores):
                first = self.start(f'--cores={cores}')
                self.check_second(first, '127.0.0.1', str(first.port), port=first.port)

    def test_unix_socket(self):
        path = self.temporary_path('echo.sock')
        self.check_second(self.start(unix_socket=path), path, unix_socket=path)

    def test_port_of_a_server_that_has_just_ended(self):
        first = self.start()
        port = first.port
        talker = self.connect(first)
        client.exchange(talker, ECHO)
        first.stop()  # the server closes first, so its side of the connection is in TIME_WAIT
        client.receive_to_end(talker)
        second = self.start(port=port)
        self.assertEqual(client.exchange(self.connect(second), ECHO), ECHO)

    def test_stale_unix_socket_of_a_killed_server(self):
        path = self.temporary_path('echo.sock')
        self.start(unix_socket=path).stop(signal.SIGKILL)
        self.assertTrue(os.path.exists(path))
        second = self.start(unix_socket=path)
        self.assertEqual(client.exchange(self.connect(second), ECHO), ECHO)
        self.check_clean_exit(second.stop())

    def test_a_file_in_the_place_of_the_unix_socket_is_not_removed(self):
        path = self.temporary_path('precious')
        with open(path, 'wb') as file:
            file.write(b'not a socket')
        self.check_refusal(self.refused(unix_socket=path), 1, path)
        with open(path, 'rb') as file:
            self.assertEqual(file.read(), b'not a socket')


class IoUringForbiddenTest(server.ServerTest):
    def check_forbidden(self, error):
        for backend in ('auto', 'io_uring'):
            with self.subTest(backend=backend):
                exit_ = self.refused(f'--backend={backend}', wrapper=(server.program('forbid_io_uring'), error))
                self.check_refusal(exit_, 1, 'io_uring')
                self.assertRegex(exit_.stderr[0], r'seccomp|kernel\.io_uring_disabled')

    def test_eperm(self):
        self.check_forbidden('EPERM')

    def test_enosys(self):
        self.check_forbidden('ENOSYS')


def words_of(path):
    try:
        with open(path, encoding='ascii') as file:
            return file.read().split()
    except OSError:
        return []


class PagesTest(server.ServerTest):
    """The first line names the kind of pages that the arenas got, as the kernel has it; the metrics name it too."""

    def test_the_line_and_the_metric_name_what_the_kernel_gave(self):
        echo = self.start('--cores=2', '--metrics_port=-1')
        found = re.search(r'\(2 cores, [^,]+, (explicit huge|transparent huge|plain) pages\)$', echo.stdout()[0])
        self.assertTrue(found, echo.stdout()[0])
        # The first core's arena is the first that may take explicit huge pages, so if it has some, their area says so.
        with open(f'/proc/{echo.pid}/smaps', encoding='ascii') as file:
            flags = [line.split()[1:] for line in file if line.startswith('VmFlags:')]
        wanted = {'explicit huge': lambda area: 'ht' in area, 'transparent huge': lambda area: 'hg' in area}
        if found[1] in wanted:
            self.assertTrue(any(map(wanted[found[1]], flags)), f'{found[1]}: {flags}')
        if not any('ht' in area for area in flags):
            never = '[never]' in words_of('/sys/kernel/mm/transparent_hugepage/enabled') or not any('hg' in area for area in flags)
            self.assertEqual(found[1], 'plain' if never else 'transparent huge')
        line = server.wait_until(lambda: echo.stdout()[2:3], 5, 'the line that names the admin address')[0]
        connection = http.client.HTTPConnection('127.0.0.1', int(re.search(r'http://127\.0\.0\.1:(\d+)/', line)[1]), timeout=10)
        self.addCleanup(connection.close)
        connection.request('GET', '/metrics')
        metrics = connection.getresponse().read().decode()
        self.assertRegex(metrics, rf'(?m)^corering_arena_info{{core="0",pages="{found[1]}",service_pages="none"}} 1$')
        self.check_clean_exit(echo.stop())


class DescriptorLimitTest(server.ServerTest):
    def test_low_hard_limit_is_refused_with_both_values(self):
        exit_ = self.refused('--max_connections=10000', nofile=(64, 64))
        self.check_refusal(exit_, 1, 'RLIMIT_NOFILE')
        numbers = [int(number) for number in re.findall(r'\d+', exit_.stderr[0])]
        self.assertIn(64, numbers, 'the value found')
        self.assertTrue(any(number >= 10_000 for number in numbers), f'the value needed: {exit_.stderr[0]}')

    def test_low_soft_limit_is_raised(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < 2_000:
            self.skipTest(f'the hard limit here is only {hard}')
        echo = self.start('--max_connections=1000', nofile=(64, hard))
        talkers = [self.connect(echo) for _ in range(200)]
        for talker in talkers:
            self.assertEqual(client.exchange(talker, ECHO), ECHO)
        self.check_clean_exit(echo.stop())


if __name__ == '__main__':
    tap_main.main()
