// Target: where to connect to: an address, or the name of a host and a port. A value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "corering/base/result.h"
#include "corering/sys/socket_address.h"

namespace corering::net {

class Target {
 public:
  struct Name {
    std::string host;
    std::uint16_t port = 0;
  };

  Target(const sys::SocketAddress& address) : where_(address) {}  // NOLINT(google-explicit-constructor): an address is a target
  Target(std::string host, std::uint16_t port) : where_(Name{std::move(host), port}) {}

  // "example.org:80", "192.0.2.1:80", "[2001:db8::1]:80" or "unix:/run/cache.sock". Errors: invalid_argument.
  static base::Result<Target> parse(std::string_view text);

  // Nullptr if it has to be looked up.
  const sys::SocketAddress* address() const noexcept { return std::get_if<sys::SocketAddress>(&where_); }
  // Requires: address() == nullptr.
  const Name& name() const noexcept { return *std::get_if<Name>(&where_); }

  std::string text() const;

 private:
  std::variant<sys::SocketAddress, Name> where_;
};

}  // namespace corering::net
