"""Clients that others have written, with the settings that they have by themselves. What is not installed is skipped."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

import kv_server
import server
import tap_main

REDIS_PY = '''
import sys, redis
r = redis.Redis(port=int(sys.argv[1]), decode_responses=True)
assert r.ping() and r.set('a', '1') and r.get('a') == '1' and r.incr('a') == 2
assert r.info()['redis_version'].startswith('7.') and r.info('keyspace')['db0']['keys'] == 1
assert r.config_get('maxmemory-policy') == {'maxmemory-policy': 'allkeys-lru'}
assert r.config_set('slowlog-max-len', 5) and r.config_get('slowlog-max-len') == {'slowlog-max-len': '5'}
assert r.client_id() > 0 and r.client_list()[0]['addr'].startswith('127.0.0.1:') and r.client_setname('me') and r.client_getname() == 'me'
assert r.slowlog_len() >= len(r.slowlog_get(1)) and r.acl_whoami() == 'default' and r.acl_getuser('default')['keys'] == ['~*']
assert r.memory_usage('a') > 0 and r.command_count() == len(r.command()) and r.role()[0] == 'master'
p = r.pipeline(); p.set('x', 1); p.get('x'); assert p.execute() == [True, '1']
r.acl_setuser('bob', enabled=True, passwords=['+secret'], commands=['+get'], keys=['a*'])
bob = redis.Redis(port=int(sys.argv[1]), username='bob', password='secret', decode_responses=True)
assert bob.get('a') == '2'
for refused in (lambda: bob.get('x'), lambda: bob.set('a', 1)):
    try: refused()
    except redis.exceptions.NoPermissionError: continue
    raise AssertionError('bob may do what he may not')
assert [entry['reason'] for entry in r.acl_log()] == ['command', 'key'] and r.acl_deluser('bob') == 1
s = r.pubsub(); s.subscribe('c'); assert s.get_message(timeout=5)['type'] == 'subscribe'
assert r.publish('c', 'hello') == 1 and s.get_message(timeout=5)['data'] == 'hello'
'''

HIREDIS = r'''
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char** words) {
  redisContext* c = redisConnect("127.0.0.1", atoi(words[count - 1]));
  if (c == NULL || c->err) return 1;
  redisReply* r = redisCommand(c, "SET %s %b", "key", "a\0b", (size_t)3);
  if (r == NULL || strcmp(r->str, "OK") != 0) return 2;
  freeReplyObject(r);
  for (int i = 0; i < 1000; ++i) redisAppendCommand(c, "INCR counter");
  for (int i = 1; i <= 1000; ++i) {
    if (redisGetReply(c, (void**)&r) != REDIS_OK || r->integer != i) return 3;
    freeReplyObject(r);
  }
  r = redisCommand(c, "GET key");
  if (r == NULL || r->len != 3 || memcmp(r->str, "a\0b", 3) != 0) return 4;
  freeReplyObject(r);
  r = redisCommand(c, "NOSUCH x");
  if (r == NULL || r->type != REDIS_REPLY_ERROR) return 5;
  freeReplyObject(r);
  redisFree(c);
  return 0;
}
'''


def needs(*programs):
    missing = [name for name in programs if not shutil.which(name)]
    return unittest.skipIf(missing, f'not installed: {missing}')


def has_module(name):
    return subprocess.run(['/usr/bin/python3', '-c', f'import {name}'], stderr=subprocess.DEVNULL, check=False).returncode == 0


class ClientsTest(kv_server.KvTest):
    def start_two(self, *flags):
        return self.start('--cores=2', '--l1_bytes=64MiB', *flags)

    def run_client(self, *command, text=None, timeout_s=60):
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=timeout_s, check=False)
        self.assertEqual(done.returncode, 0, f'{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}')
        return done.stdout

    @needs('redis-cli')
    def test_redis_cli(self):
        kv = self.start_two()
        cli = ['redis-cli', '-p', str(kv.port)]
        self.assertEqual(self.run_client(*cli, 'set', 'greeting', 'hello'), 'OK\n')
        self.assertEqual(self.run_client(*cli, '-3', 'get', 'greeting'), 'hello\n')
        self.assertIn('errors: 0, replies: 2', self.run_client(*cli, '--pipe', text='SET a 1\r\nGET a\r\n'))
        self.assertIn('2 strings with 6 bytes', self.run_client(*cli, '--bigkeys'))
        self.assertIn('2 strings with', self.run_client(*cli, '--memkeys'))
        self.assertIn('cluster support disabled', self.run_client(*cli, 'cluster', 'info'))

    @needs('redis-cli', 'timeout')
    def test_redis_cli_that_watches(self):
        kv = self.start_two()
        done = subprocess.run(['timeout', '2', 'stdbuf', '-oL', 'redis-cli', '-p', str(kv.port), '--stat', '-i', '0.2'],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertRegex(done.stdout, r'(?m)^0 +\d', done.stderr)
        self.assertRegex(self.run_client('redis-cli', '-p', str(kv.port), '--latency', '--raw'), r'^\d+ \d+ [\d.]+ \d+')

    @needs('redis-cli')
    def test_redis_cli_of_a_cluster(self):
        kv = self.start_two('--cluster_mode')
        cli = ['redis-cli', '-c', '-p', str(kv.port)]
        self.assertEqual(self.run_client(*cli, 'set', 'a', '1'), 'OK\n')
        self.assertIn('cluster_state:ok', self.run_client(*cli, 'cluster', 'info'))
        self.assertRegex(self.run_client(*cli, 'cluster', 'nodes'), rf'127\.0\.0\.1:{kv.port}@0 myself,master - 0 0 1 connected 0-16383')
        self.assertIn(str(kv.port), self.run_client(*cli, 'cluster', 'slots'))

    @needs('redis-benchmark')
    def test_redis_benchmark(self):
        kv = self.start_two()
        for version in ([], ['-3']):
            out = self.run_client('redis-benchmark', '-p', str(kv.port), '-t', 'set,get,incr,mset', '-n', '5000',
                                  '-P', '16', '--csv', *version)
            self.assertEqual(len(re.findall(r'^"(?:SET|GET|INCR|MSET)', out, re.M)), 4, out)

    @needs('prometheus-redis-exporter')
    def test_redis_exporter(self):
        kv = self.start_two()
        self.assertEqual(kv_server.Client(kv.connect()).call('SET', 'a', 1), b'OK')
        port = free_port()
        exporter = subprocess.Popen(['prometheus-redis-exporter', '--redis.addr', f'redis://127.0.0.1:{kv.port}',
                                     '--web.listen-address', f'127.0.0.1:{port}'], stderr=subprocess.DEVNULL)
        self.addCleanup(exporter.wait)
        self.addCleanup(exporter.terminate)
        metrics = server.wait_until(lambda: fetch(f'http://127.0.0.1:{port}/metrics'), 20, 'the exporter answers')
        for line in ('redis_up 1', 'redis_exporter_last_scrape_error{err=""} 0', 'redis_db_keys{db="db0"} 1'):
            self.assertIn(line + '\n', metrics)
        for name in ('redis_memory_used_bytes', 'redis_connected_clients', 'redis_commands_processed_total', 'redis_commands_total',
                     'redis_slowlog_length', 'redis_keyspace_hits_total', 'redis_cpu_user_seconds_total', 'redis_uptime_in_seconds'):
            self.assertRegex(metrics, rf'(?m)^{name}[ {{]')

    @unittest.skipUnless(has_module('redis'), 'python3-redis is not installed')
    def test_python_redis(self):
        kv = self.start_two()
        self.run_client('/usr/bin/python3', '-c', REDIS_PY, str(kv.port))

    @unittest.skipUnless(shutil.which('cc') and os.path.exists('/usr/include/hiredis/hiredis.h'), 'libhiredis-dev is not installed')
    def test_hiredis(self):
        kv = self.start_two()
        with tempfile.TemporaryDirectory(prefix='corering_') as folder:
            program = os.path.join(folder, 'client')
            self.run_client('cc', '-x', 'c', '-o', program, '-', '-lhiredis', text=HIREDIS)
            self.run_client(program, str(kv.port))

    @needs('memccapable')
    def test_memccapable(self):
        port = free_port()
        self.start_two(f'--memcached_port={port}')
        out = self.run_client('memccapable', '-h', '127.0.0.1', '-p', str(port), '-a')
        self.assertIn('All tests passed', out)

    @unittest.skipUnless(has_module('pymemcache') and has_module('pytest'), 'python3-pymemcache or python3-pytest is not installed')
    def test_pymemcache(self):
        path = self.run_client('/usr/bin/python3', '-c', 'import os, pymemcache; print(os.path.dirname(pymemcache.__file__))').strip()
        tests = os.path.join(path, 'test', 'test_integration.py')
        if not os.path.exists(tests):
            self.skipTest('python3-pymemcache comes without its tests')
        port = free_port()
        self.start_two(f'--memcached_port={port}')
        self.run_client('/usr/bin/python3', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', tests,
                        '--server', '127.0.0.1', '--port', str(port), '-k', 'not tls', timeout_s=120)


def free_port():
    """One that nobody has now."""
    with server.socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except OSError:
        return ''


if __name__ == '__main__':
    tap_main.main()
