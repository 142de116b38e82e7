"""What `meson install` installs is enough to build and run a server: headers, libraries and pkg-config files."""

import os
import socket
import subprocess
import tempfile
import unittest

import tap_main

SERVER = '''
#include <corering/net/endpoint.h>
#include <corering/net/server.h>
#include <corering/runtime/runtime.h>
#include <corering/sys/signals.h>

#include <csignal>
#include <cstdio>

using namespace corering;

class Shout final : public net::Session {
 public:
  void on_data(net::Connection& connection) override {
    while (!connection.input().empty()) connection.send(connection.input().pop_front());
    connection.try_write(base::bytes_of("!"));
  }
};

int main() {
  sys::block_signals({SIGTERM});
  auto endpoint = net::Endpoint::claim(*sys::SocketAddress::parse_ip("127.0.0.1", 0), 1);
  if (!endpoint) return 1;
  runtime::Options options;
  options.cores = 1;
  auto runtime = runtime::Runtime::start(options, runtime::backend_factory(runtime::BackendChoice::automatic),
      [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
        return std::make_unique<net::Server>(core, std::vector<int>{endpoint->take(core.id().value)}, net::Limits{},
                                             std::make_unique<net::SharedSession<Shout>>());
      });
  if (!runtime) return std::fprintf(stderr, "%s\\n", runtime.error().text.c_str()), 1;
  std::printf("%s\\n", endpoint->address().text().c_str());
  std::fflush(stdout);
  sys::wait_for_signal({SIGTERM}, std::chrono::seconds(60));
  (*runtime)->drain();
  (*runtime)->join();
}
'''

SIMULATED = '''
#include <corering/net/server.h>
#include <corering/testing/simulated_core.h>

int main() {
  corering::runtime::Options options;
  options.cores = 1;
  corering::testing::SimulatedCore core(options, {}, 1);
  core.start([&](corering::runtime::Core& here) {
    using namespace corering::net;
    struct Sink final : Session {
      void on_data(Connection& connection) override { connection.input().clear(); }
    };
    return std::make_unique<Server>(here, std::vector<int>{}, Limits{}, std::make_unique<SharedSession<Sink>>());
  });
  return core.stop() ? 0 : 1;
}
'''


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='corering_')
        build = os.environ['CORERING_BUILD']
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet', '--destdir', cls.folder.name], check=True)
        found = [os.path.join(path, name) for path, _, names in os.walk(cls.folder.name) for name in names if name == 'corering.pc']
        cls.pkg_config = {'PKG_CONFIG_PATH': os.path.dirname(found[0]), 'PKG_CONFIG_SYSROOT_DIR': cls.folder.name}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def compile(self, source, package):
        path = os.path.join(self.folder.name, package + '.cc')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(source)
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', '--static', package], check=True, capture_output=True, text=True,
                               env={**os.environ, **self.pkg_config}).stdout.split()
        program = path.removesuffix('.cc')
        compiled = subprocess.run([os.environ.get('CXX', 'c++'), path, '-o', program, *flags], capture_output=True, text=True)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)
        return program

    def test_a_server_on_the_installed_library(self):
        process = subprocess.Popen([self.compile(SERVER, 'corering')], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        host, _, port = process.stdout.readline().strip().rpartition(':')
        with socket.create_connection((host, int(port)), timeout=10) as talker:
            talker.sendall(b'hello')
            self.assertEqual(talker.recv(6, socket.MSG_WAITALL), b'hello!')
        process.terminate()
        self.assertEqual(process.wait(20), 0)

    def test_a_simulation_on_the_installed_testing_library(self):
        subprocess.run([self.compile(SIMULATED, 'corering-testing')], check=True, timeout=60)


if __name__ == '__main__':
    tap_main.main()
