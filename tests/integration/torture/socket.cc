#include "torture/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace corering::torture {

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Socket::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

int Socket::pending_error() const {
  int error = 0;
  socklen_t bytes = sizeof error;
  return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

Target Target::tcp(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Target target;
  std::memcpy(&target.address_, &address, sizeof address);
  target.address_bytes_ = sizeof address;
  return target;
}

std::expected<Target, std::string> Target::unix_socket(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return std::unexpected("the Unix socket path is too long: " + path);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Target target;
  std::memcpy(&target.address_, &address, sizeof address);
  target.address_bytes_ = sizeof address;
  return target;
}

std::expected<Socket, int> Target::connect(const Options& options) const {
  Socket socket(::socket(address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return std::unexpected(errno);
  if (options.buffer_bytes > 0) {
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &options.buffer_bytes, sizeof options.buffer_bytes);
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &options.buffer_bytes, sizeof options.buffer_bytes);
  }
  if (address_.ss_family == AF_INET && options.nagle == Nagle::off) {
    const int on = 1;
    ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address_), address_bytes_) != 0 && errno != EINPROGRESS) {
    return std::unexpected(errno);
  }
  return socket;
}

}  // namespace corering::torture
