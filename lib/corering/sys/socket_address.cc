#include "corering/sys/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace corering::sys {

namespace {

template <typename T>
T* as(sockaddr_storage& storage) {
  return reinterpret_cast<T*>(&storage);
}

template <typename T>
const T* as(const sockaddr_storage& storage) {
  return reinterpret_cast<const T*>(&storage);
}

}  // namespace

base::Result<SocketAddress> SocketAddress::parse_ip(std::string_view host, std::uint16_t port) {
  SocketAddress address;
  // The kernel's parsers stop at a zero byte; what follows it would go unnoticed.
  const std::string text(host.substr(0, host.find('\0')) == host ? host : std::string_view("with a zero byte"));
  if (auto* v4 = as<sockaddr_in>(address.storage_); ::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.bytes_ = sizeof(*v4);
    return address;
  }
  if (auto* v6 = as<sockaddr_in6>(address.storage_); ::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.bytes_ = sizeof(*v6);
    return address;
  }
  return base::failure({base::ErrorCode::invalid_argument, 0,
                        "found address '" + text + "', need a numeric IPv4 or IPv6 address such as 127.0.0.1 or ::1"});
}

base::Result<SocketAddress> SocketAddress::parse_unix(std::string_view path) {
  SocketAddress address;
  auto* local = as<sockaddr_un>(address.storage_);
  if (path.find('\0') != std::string_view::npos) {
    return base::failure({base::ErrorCode::invalid_argument, 0, "found a zero byte in a Unix socket path, need a path without"});
  }
  if (path.empty() || path.size() >= sizeof(local->sun_path)) {
    return base::failure({base::ErrorCode::invalid_argument, 0,
                          "found a Unix socket path of " + std::to_string(path.size()) + " bytes, need 1 to " +
                              std::to_string(sizeof(local->sun_path) - 1) + ": choose a shorter path"});
  }
  local->sun_family = AF_UNIX;
  std::memcpy(local->sun_path, path.data(), path.size());
  address.bytes_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

base::Result<SocketAddress> SocketAddress::from(const sockaddr* address, socklen_t bytes) {
  const bool is_known = (address->sa_family == AF_INET && bytes == sizeof(sockaddr_in)) ||
                        (address->sa_family == AF_INET6 && bytes == sizeof(sockaddr_in6)) ||
                        (address->sa_family == AF_UNIX && bytes <= sizeof(sockaddr_un));
  if (!is_known) {
    return base::failure({base::ErrorCode::invalid_argument, 0,
                          "found an address of family " + std::to_string(address->sa_family) + ", need IPv4, IPv6 or a Unix path"});
  }
  SocketAddress copy;
  std::memcpy(&copy.storage_, address, bytes);
  copy.bytes_ = bytes;
  return copy;
}

base::Result<SocketAddress> SocketAddress::bound_to(int fd) {
  SocketAddress address;
  address.bytes_ = sizeof(address.storage_);
  if (::getsockname(fd, as<sockaddr>(address.storage_), &address.bytes_) != 0) {
    return base::failure(base::os_error(errno, "asking for a socket's own address"));
  }
  return address;
}

base::Result<SocketAddress> SocketAddress::connected_to(int fd) {
  SocketAddress address;
  address.bytes_ = sizeof(address.storage_);
  if (::getpeername(fd, as<sockaddr>(address.storage_), &address.bytes_) != 0) {
    return base::failure(base::os_error(errno, "asking for the address of a socket's peer"));
  }
  return address;
}

bool SocketAddress::is_loopback() const noexcept {
  if (family() == AF_INET) return ntohl(as<sockaddr_in>(storage_)->sin_addr.s_addr) >> 24 == 127;
  if (family() != AF_INET6) return false;
  const in6_addr& host = as<sockaddr_in6>(storage_)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&host) || (IN6_IS_ADDR_V4MAPPED(&host) && host.s6_addr[12] == 127);
}

bool SocketAddress::has_host_of(const SocketAddress& other) const noexcept {
  if (family() != other.family()) return false;
  if (family() == AF_INET) {
    return as<sockaddr_in>(storage_)->sin_addr.s_addr == as<sockaddr_in>(other.storage_)->sin_addr.s_addr;
  }
  if (family() != AF_INET6) return false;
  return std::memcmp(&as<sockaddr_in6>(storage_)->sin6_addr, &as<sockaddr_in6>(other.storage_)->sin6_addr, sizeof(in6_addr)) == 0;
}

std::uint16_t SocketAddress::port() const noexcept {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>(storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(as<sockaddr_in6>(storage_)->sin6_port);
  return 0;
}

std::string SocketAddress::unix_path() const { return is_unix() ? as<sockaddr_un>(storage_)->sun_path : std::string(); }

std::string SocketAddress::text() const {
  if (is_unix()) return unix_path();
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &as<sockaddr_in>(storage_)->sin_addr, host.data(), host.size());
    return std::string(host.data()) + ':' + std::to_string(port());
  }
  ::inet_ntop(AF_INET6, &as<sockaddr_in6>(storage_)->sin6_addr, host.data(), host.size());
  return '[' + std::string(host.data()) + "]:" + std::to_string(port());
}

}  // namespace corering::sys
