"""The command line: impossible values are refused with code 2 and one line, --help explains."""

import os
import pathlib
import re

import server
import tap_main

FLAGS = ('bind', 'port', 'cores', 'max_connections', 'idle_timeout_s', 'drain_timeout_s', 'unix_socket', 'handler', 'backend', 'profile',
         'event_interval', 'spin_us', 'min_wait_us', 'max_blocking_threads', 'thread_stack_bytes', 'event_time_us', 'blocking_stack_bytes')


class FlagsTest(server.ServerTest):
    def check_bad(self, argument, needle):
        self.check_refusal(self.refused(argument), 2, needle)

    def test_unknown_flag(self):
        self.check_bad('--no_such_flag=1', 'no_such_flag')

    def test_port_out_of_range(self):
        self.check_bad('--port=99999', 'port')

    def test_port_that_is_no_number(self):
        self.check_bad('--port=abc', 'port')

    def test_negative_cores(self):
        self.check_bad('--cores=-1', 'cores')

    def test_unknown_handler(self):
        self.check_bad('--handler=x', 'handler')

    def test_unknown_backend(self):
        self.check_bad('--backend=x', 'backend')

    def test_positional_argument(self):
        self.check_bad('stray_argument', 'stray_argument')

    def test_no_connections_at_all(self):
        self.check_bad('--max_connections=0', 'max_connections')

    def test_negative_drain_timeout(self):
        self.check_bad('--drain_timeout_s=-1', 'drain_timeout_s')

    def test_runtime_flags_out_of_range(self):
        for argument in ('--event_interval=0', '--event_time_us=0', '--message_interval=1025', '--wait_events=0', '--min_wait_us=-2',
                         '--spin_us=1000001', '--submission_entries=4', '--completion_entries=512', '--max_blocking_threads=-1',
                         '--blocking_queue=-1', '--thread_name=', '--thread_stack_bytes=1KiB', '--blocking_stack_bytes=2GiB',
                         '--profile=fast'):
            with self.subTest(argument):
                self.check_bad(argument, argument.partition('=')[0].strip('-'))

    def started_with(self, *flags):
        """The options that a server logs when it starts, by name."""
        echo = self.start('--cores=1', '--log_level=debug', *flags)
        line = next(line for line in echo.stderr() if ' event_interval=' in line)
        echo.stop()
        return dict(part.split('=') for part in line.split() if '=' in part)

    def test_a_flag_overrides_the_profile(self):
        preset = self.started_with('--profile=throughput')
        self.assertEqual((preset['wait_events'], preset['min_wait_us'], preset['spin_us']), ('32', '50', '0'))
        changed = self.started_with('--profile=throughput', '--min_wait_us=20', '--event_interval=7', '--event_time_us=70', '--spin_us=3',
                                    '--blocking_stack_bytes=128KiB', '--max_blocking_threads=5')
        self.assertEqual((changed['wait_events'], changed['min_wait_us']), ('32', '20'))
        self.assertEqual((changed['event_interval'], changed['event_time_us'], changed['spin_us']), ('7', '70', '3'))
        self.assertEqual((changed['blocking_stack_bytes'], changed['max_blocking_threads']), ('131072', '5'))
        self.assertEqual(changed['message_interval'], preset['message_interval'])

    def test_no_minimum_wait_means_waking_for_each_event(self):
        self.assertEqual(self.started_with('--profile=throughput', '--min_wait_us=0')['wait_events'], '1')

    def test_threads_have_the_name_and_the_stack_that_was_asked_for(self):
        echo = self.start('--cores=2', '--thread_name=mine', '--thread_stack_bytes=256KiB')
        names = {pathlib.Path(f'/proc/{echo.pid}/task/{task}/comm').read_text().strip()
                 for task in os.listdir(f'/proc/{echo.pid}/task')}
        self.assertTrue({'mine-0', 'mine-1'} <= names, names)
        maps = pathlib.Path(f'/proc/{echo.pid}/maps').read_text()
        sizes = [int(high, 16) - int(low, 16) for low, high in re.findall(r'^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *$', maps, re.M)]
        self.assertIn(256 << 10, sizes, 'no mapping of the size of the stacks')
        echo.stop()

    def test_help_lists_the_flags(self):
        exit_ = self.refused('--help')
        self.assertEqual(exit_.code, 0, exit_)
        text = '\n'.join(exit_.stdout)
        self.assertEqual([flag for flag in FLAGS if flag not in text], [], 'flags missing from --help on stdout')

    def test_kernel_report_is_the_readmes_table(self):
        exit_ = self.refused('--report_kernel')
        self.assertEqual(exit_.code, 0, exit_)
        rows = {tuple(re.split(r'  +', line.strip())) for line in exit_.stdout[2:]}
        reported = {(feature, since, probe, without) for feature, since, _here, probe, without in rows}
        readme = pathlib.Path(__file__).parents[2] / 'README.md'
        table = re.findall(r'^\| (.*) \| (\d+\.\d+) \| (.*) \| (.*) \|$', readme.read_text(encoding='utf-8'), re.MULTILINE)
        self.assertEqual(reported, set(table))


if __name__ == '__main__':
    tap_main.main()
