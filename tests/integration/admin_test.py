"""The admin endpoint as operators and their tools see it: metrics, health, readiness, the live page."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import browser
import client
import server
import tap_main


class AdminTest(server.ServerTest):
    timeout_s = 120

    def start_with_admin(self, *flags, **how):
        echo = self.start('--metrics_port=-1', *flags, **how)
        line = server.wait_until(lambda: echo.stdout()[2:3], 5, 'the line that names the admin address')[0]
        echo.admin = int(re.search(r'http://127\.0\.0\.1:(\d+)/', line)[1])
        return echo

    def ask(self, echo, path, method='GET'):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection('127.0.0.1', echo.admin, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()

    def metrics(self, echo):
        """Values by their names with labels."""
        lines = self.ask(echo, '/metrics')[2].splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(' ') for line in lines if not line.startswith('#'))}

    def sum_of(self, metrics, name):
        return sum(value for key, value in metrics.items() if key.partition('{')[0] == name)

    def raw(self, echo):
        return self.keep(socket.create_connection(('127.0.0.1', echo.admin), timeout=10))


class PagesTest(AdminTest):
    def test_it_is_off_unless_asked_for(self):
        echo = self.start()
        self.connect(echo).close()
        self.assertEqual([line for line in echo.stdout() if 'http' in line], [])

    def test_metrics_tell_what_happened(self):
        echo = self.start_with_admin('--cores=2')
        talker = self.connect(echo)
        client.exchange(talker, client.payload(100_000))
        metrics = self.metrics(echo)
        self.assertEqual(self.sum_of(metrics, 'corering_received_bytes_total'), 100_000)
        self.assertEqual(self.sum_of(metrics, 'corering_sent_bytes_total'), 100_000)
        self.assertEqual(self.sum_of(metrics, 'corering_accepted_total'), 1)
        self.assertGreater(self.sum_of(metrics, 'corering_turn_seconds_count'), 0)
        self.assertGreater(metrics['process_resident_memory_bytes'], 1 << 20)
        for core in '01':
            self.assertGreater(metrics[f'corering_sleeping_seconds_total{{core="{core}"}}'], 0)

    def test_sleep_and_polling_are_told_apart(self):
        for profile, is_polling in (('balanced', False), ('latency', True)):
            echo = self.start_with_admin('--cores=1', f'--profile={profile}')
            talker = self.connect(echo)
            for _ in range(500):
                client.exchange(talker, b'x')
            polling = self.sum_of(self.metrics(echo), 'corering_polling_seconds_total')
            self.assertEqual(polling > 0, is_polling, f'{profile}: {polling}')

    def test_promtool_finds_nothing_to_say(self):
        if not shutil.which('promtool'):
            self.skipTest('promtool is not installed (package prometheus)')
        echo = self.start_with_admin('--cores=2')
        text = self.ask(echo, '/metrics')[2]
        checked = subprocess.run(['promtool', 'check', 'metrics'], input=text, capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ''))

    def test_dashboard_and_alerts_name_metrics_that_exist(self):
        tools = os.path.join(os.path.dirname(__file__), '..', '..', 'tools')
        shown = {name.partition('{')[0] for name in self.metrics(self.start_with_admin('--cores=1'))}
        for file_name in ('grafana_dashboard.json', 'prometheus_alerts.yml'):
            with open(os.path.join(tools, file_name), encoding='utf-8') as file:
                text = file.read()
            named = set(re.findall(r'\b(?:corering|process)_\w+(?=[\[{])', text.replace('\\"', '"')))
            self.assertGreater(len(named), 5, file_name)
            self.assertEqual(named - shown, set(), file_name)
        with open(os.path.join(tools, 'grafana_dashboard.json'), encoding='utf-8') as file:
            json.load(file)
        if shutil.which('promtool'):
            rules = os.path.join(tools, 'prometheus_alerts.yml')
            checked = subprocess.run(['promtool', 'check', 'rules', rules], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_json_holds_the_same(self):
        echo = self.start_with_admin('--cores=2')
        status, headers, body = self.ask(echo, '/metrics.json')
        self.assertEqual((status, headers['Content-Type']), (200, 'application/json'))
        families = {family['name']: family for family in json.loads(body)}
        self.assertEqual({series['labels']['core'] for series in families['turns']['series']}, {'0', '1'})
        turn = families['turn_ns']['series'][0]
        self.assertEqual(turn['count'], sum(count for _, count in turn['steps']))
        self.assertTrue(all(family['help'] for family in families.values()))

    def test_health_readiness_and_unknown_paths(self):
        echo = self.start_with_admin()
        self.assertEqual(self.ask(echo, '/healthz')[::2], (200, 'ok\n'))
        self.assertEqual(self.ask(echo, '/readyz')[::2], (200, 'ready\n'))
        self.assertEqual(self.ask(echo, '/nothing')[0], 404)
        self.assertEqual(self.ask(echo, '/healthz?probe=1')[0], 200)
        status, headers, body = self.ask(echo, '/', 'HEAD')
        self.assertEqual((status, body), (200, ''))
        self.assertGreater(int(headers['Content-Length']), 1000)
        self.assertEqual(self.ask(echo, '/', 'POST')[0], 405)

    def test_not_ready_while_it_drains(self):
        echo = self.start_with_admin('--cores=1', '--drain_timeout_s=20')
        talker = self.connect(echo, receive_buffer_bytes=4096)
        self.send_until_replies_queue(echo, talker)
        echo.send_signal(signal.SIGTERM)
        server.wait_until(lambda: self.ask(echo, '/readyz')[0] == 503, 5, 'not ready')
        self.assertEqual(self.ask(echo, '/readyz')[2], 'draining\n')
        self.assertEqual(self.ask(echo, '/healthz')[0], 200)
        echo.send_signal(signal.SIGTERM)
        self.check_clean_exit(echo.wait_exit(10))

    def test_a_port_that_is_taken_stops_the_start(self):
        taken = self.keep(socket.create_server(('127.0.0.1', 0)))
        port = taken.getsockname()[1]
        self.check_refusal(self.refused(f'--metrics_port={port}'), 1, f'127.0.0.1:{port}')

    def test_an_impossible_port_is_a_bad_flag(self):
        self.check_refusal(self.refused('--metrics_port=70000'), 2, '--metrics_port=70000')


class ClientsTest(AdminTest):
    def test_one_connection_serves_many_requests_sent_at_once(self):
        echo = self.start_with_admin()
        raw = self.raw(echo)
        request = b'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'
        raw.sendall(request * 50 + b'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        answers, end = client.receive_to_end(raw)
        self.assertEqual((answers.count(b'HTTP/1.1 200 OK'), end), (51, 'end'))

    def test_what_is_no_request_is_refused_and_ends(self):
        echo = self.start_with_admin()
        for sent, status in ((b'\x16\x03\x01\x02\x00\x01\r\n\r\n', b'400'), (b'A' * 5000, b'431'),
                             (b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', b'405')):
            raw = self.raw(echo)
            raw.sendall(sent)
            answer, _ = client.receive_to_end(raw)
            self.assertEqual(answer.split(b' ')[1], status)

    def test_more_clients_than_it_serves_wait(self):
        echo = self.start_with_admin()
        idle = [self.raw(echo) for _ in range(64)]
        last = self.raw(echo)
        last.sendall(b'GET /healthz HTTP/1.0\r\n\r\n')
        self.assertEqual(client.answered([last], 0.3), set())
        idle[0].close()
        self.assertTrue(client.receive_to_end(last)[0].startswith(b'HTTP/1.1 200'))

    def test_scrapes_leave_the_data_path_alone(self):
        echo = self.start_with_admin('--cores=1')
        talker = self.connect(echo)
        before = self.metrics(echo)
        for _ in range(20):
            self.metrics(echo)
        after = self.metrics(echo)
        self.assertLess(self.sum_of(after, 'corering_turns_total') - self.sum_of(before, 'corering_turns_total'), 5,
                        'the core that serves turns for nobody')
        client.exchange(talker, client.payload(1000))


class LivePageTest(AdminTest):
    def test_it_is_one_file_that_asks_nobody_else(self):
        echo = self.start_with_admin()
        _, headers, page = self.ask(echo, '/')
        self.assertEqual(re.findall(r'(?:src|href)="(?!data:)[^"]*"|https?://[^\s"]+|@import', page), [])
        self.assertIn("default-src 'none'", headers['Content-Security-Policy'])

    def test_it_moves_in_a_browser(self):
        if absent := browser.missing():
            self.skipTest(f'{absent} is not installed (scope browser of tools/packages.txt)')
        # Where somebody who wants to look at it finds the pictures.
        folder = os.environ.get('CORERING_SCREENSHOTS')
        echo = self.start_with_admin('--cores=2')
        talker = self.connect(echo)
        for scheme in ('light', 'dark'):
            with browser.Browser(scheme) as window:
                window.open('about:blank')
                window.requested_urls()  # those of the browser's own first page
                window.open(f'http://127.0.0.1:{echo.admin}/')

                def points(here=window):
                    for _ in range(100):
                        client.exchange(talker, client.payload(1000))
                    return here.run('return charts.bytes.lines[0].points')

                server.wait_until(lambda points=points: len([value for value in points() if value > 0]) >= 3, 30, 'charts that move')
                self.assertEqual(window.run("return document.querySelectorAll('.core').length"), 2)
                self.assertEqual(window.run("return document.getElementById('state').textContent"), 'ready')
                self.assertEqual(window.run("return document.getElementById('which').value"), 'turn_ns')
                self.assertTrue(window.run('return charts.latency.lines[2].points.some(value => value > 0)'))
                background = window.run('return getComputedStyle(document.body).backgroundColor')
                self.assertEqual(sum(map(int, re.findall(r'\d+', background)[:3])) > 384, scheme == 'light', background)
                self.assertEqual(window.complaints(), [])
                others = [url for url in window.requested_urls() if not url.startswith((f'http://127.0.0.1:{echo.admin}/', 'data:'))]
                self.assertEqual(others, [])
                if folder:
                    end = time.monotonic() + 8
                    while time.monotonic() < end:
                        points()
                    window.screenshot(os.path.join(folder, f'live_page_{scheme}.png'))


if __name__ == '__main__':
    tap_main.main()
