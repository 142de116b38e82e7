// TCP echo on standalone Asio: one thread, callbacks, read some and write it all back.
//
// The handlers own their connection by turns, so a connection ends when a handler returns without passing it on. Asio tries each
// operation at once and goes to epoll only when it would block; ASIO_CONCURRENCY_HINT_UNSAFE leaves out the locks that one thread
// does not need.
#include <array>
#include <asio.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "peer.h"

namespace {

using asio::ip::tcp;

struct Connection {
  explicit Connection(tcp::socket accepted) : socket(std::move(accepted)) {}

  tcp::socket socket;
  std::array<unsigned char, kReceiveBytes> buffer;
};

void echo(std::unique_ptr<Connection> owner);

void write_back(std::unique_ptr<Connection> owner, size_t count) {
  Connection& connection = *owner;
  asio::async_write(connection.socket, asio::buffer(connection.buffer, count),
                    [owner = std::move(owner)](asio::error_code error, size_t) mutable {
                      if (!error) echo(std::move(owner));
                    });
}

void echo(std::unique_ptr<Connection> owner) {
  Connection& connection = *owner;
  connection.socket.async_read_some(asio::buffer(connection.buffer),
                                    [owner = std::move(owner)](asio::error_code error, size_t count) mutable {
                                      if (!error) write_back(std::move(owner), count);
                                    });
}

void accept_next(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](asio::error_code error, tcp::socket socket) {
    if (error && error != asio::error::connection_aborted) {
      std::fprintf(stderr, "accept: %s\n", error.message().c_str());
      std::exit(1);
    }
    if (!error) echo(std::make_unique<Connection>(std::move(socket)));
    accept_next(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  unsigned port = 0;
  const Flag flags[] = {{"--port", &port, 0, 65535}};
  parse_flags(argc, argv, flags, 1);
  exit_on_sigterm();

  asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);
  const int listener = open_listener(port, 0);
  tcp::acceptor acceptor(context, tcp::v4(), listener);
  announce_listener(listener);
  accept_next(acceptor);
  context.run();
}
