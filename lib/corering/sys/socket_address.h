// SocketAddress: where to listen or connect: IPv4, IPv6 or a Unix socket path. A value.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "corering/base/result.h"

namespace corering::sys {

class SocketAddress {
 public:
  // `host` is a numeric IPv4 or IPv6 address: names are not resolved. Errors: invalid_argument.
  static base::Result<SocketAddress> parse_ip(std::string_view host, std::uint16_t port);

  // A file-system path of 1 to 107 bytes. Errors: invalid_argument.
  static base::Result<SocketAddress> parse_unix(std::string_view path);

  // A copy of what the system has put down. Errors: invalid_argument for a family that is none of the three, or a wrong length.
  static base::Result<SocketAddress> from(const sockaddr* address, socklen_t bytes);

  // The address that `fd` is bound to. Errors: system.
  static base::Result<SocketAddress> bound_to(int fd);

  friend bool operator==(const SocketAddress& left, const SocketAddress& right) noexcept { return left.text() == right.text(); }

  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t bytes() const noexcept { return bytes_; }
  int family() const noexcept { return storage_.ss_family; }
  bool is_unix() const noexcept { return family() == AF_UNIX; }

  // The address of a connected socket's peer. Errors: system.
  static base::Result<SocketAddress> connected_to(int fd);

  bool is_loopback() const noexcept;                            // 127.0.0.0/8, ::1 and its mapped form
  bool has_host_of(const SocketAddress& other) const noexcept;  // whatever the ports

  std::uint16_t port() const noexcept;  // 0 for Unix sockets
  std::string unix_path() const;        // empty for IP
  std::string text() const;             // "127.0.0.1:7000", "[::1]:7000" or the path

 private:
  sockaddr_storage storage_{};
  socklen_t bytes_ = 0;
};

}  // namespace corering::sys
