// A non-blocking client socket and the place it connects to.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace corering::torture {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }

  int fd() const { return fd_; }
  void close();
  // Close with a reset instead of an orderly end. On a Unix socket it is a plain close.
  void reset();
  // The outcome of a connect that was in progress: 0 or an errno.
  int pending_error() const;

 private:
  int fd_ = -1;
};

// Where the server listens: a port of 127.0.0.1, or a Unix socket.
class Target {
 public:
  static Target tcp(std::uint16_t port);
  static std::expected<Target, std::string> unix_socket(const std::string& path);

  enum class Nagle : std::uint8_t { off, on };
  struct Options {
    int buffer_bytes = 0;  // SO_RCVBUF and SO_SNDBUF, set before the connect so that the window is small at once
    Nagle nagle = Nagle::off;
  };

  // Starts a connect. Errors: the errno of socket(2) or connect(2), never EINPROGRESS.
  std::expected<Socket, int> connect(const Options& options) const;

 private:
  sockaddr_storage address_{};
  socklen_t address_bytes_ = 0;
};

}  // namespace corering::torture
