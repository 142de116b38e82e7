"""A headless Chromium that a test looks at a page with, spoken to by WebDriver over plain HTTP (w3.org/TR/webdriver2)."""

import base64
import http.client
import json
import re
import shutil
import subprocess
import tempfile
import time

REQUEST_TIMEOUT_S = 30


def missing():
    """Which program is not installed, or None."""
    return next((program for program in ('chromium', 'chromedriver') if not shutil.which(program)), None)


class Browser:
    """Use with `with`: both processes end with it. scheme is light or dark."""

    def __init__(self, scheme='light', width=1300, height=1100):
        self._folder = tempfile.TemporaryDirectory(prefix='corering_browser_')
        self._log = tempfile.TemporaryFile('w+')
        self._driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=self._log, stderr=subprocess.STDOUT)
        self._session = None
        try:
            self._port = self._wait_for_port()
            arguments = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars',
                         f'--window-size={width},{height}', f'--user-data-dir={self._folder.name}']
            if scheme == 'dark':
                arguments.append('--blink-settings=preferredColorScheme=0')
            options = {'args': arguments, 'binary': shutil.which('chromium')}
            capabilities = {'alwaysMatch': {'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'}}}
            self._session = self._ask('POST', '/session', {'capabilities': capabilities})['sessionId']
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._session:
            self._ask('DELETE', f'/session/{self._session}')
        self._driver.terminate()
        self._driver.wait()
        self._log.close()
        self._folder.cleanup()

    def open(self, url):
        self._do('POST', '/url', {'url': url})

    def run(self, script):
        """The value that the script returns."""
        return self._do('POST', '/execute/sync', {'script': script, 'args': []})

    def screenshot(self, path):
        with open(path, 'wb') as file:
            file.write(base64.b64decode(self._do('GET', '/screenshot')))

    def complaints(self):
        """What the page wrote to its console, errors of the policy included."""
        return [entry['message'] for entry in self._do('POST', '/se/log', {'type': 'browser'})]

    def requested_urls(self):
        """Every address that was asked for since the last call."""
        events = [json.loads(entry['message'])['message'] for entry in self._do('POST', '/se/log', {'type': 'performance'})]
        return [event['params']['request']['url'] for event in events if event['method'] == 'Network.requestWillBeSent']

    def _do(self, method, path, body=None):
        return self._ask(method, f'/session/{self._session}{path}', body)

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self._port, timeout=REQUEST_TIMEOUT_S)
        connection.request(method, path, json.dumps(body) if body is not None else None)
        value = json.loads(connection.getresponse().read())['value']
        connection.close()
        if isinstance(value, dict) and 'error' in value:
            raise AssertionError(f"the browser refuses {path}: {value['message']}")
        return value

    def _wait_for_port(self):
        end = time.monotonic() + REQUEST_TIMEOUT_S
        while time.monotonic() < end:
            self._log.seek(0)
            if found := re.search(r'started successfully on port (\d+)', self._log.read()):
                return int(found[1])
            time.sleep(0.05)
        raise AssertionError('chromedriver does not start')
