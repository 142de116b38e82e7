"""The command line: impossible values are refused with code 2 and one line, --help explains."""

import pathlib
import re

import server
import tap_main

FLAGS = ('bind', 'port', 'cores', 'max_connections', 'idle_timeout_s', 'drain_timeout_s', 'unix_socket', 'handler', 'backend')


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
