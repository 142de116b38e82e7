#include "corering/net/target.h"

#include <charconv>

namespace corering::net {

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kHostBytesMax = 253;  // RFC 1035, as text

base::Error impossible(std::string_view text) {
  return {base::ErrorCode::invalid_argument, 0,
          "found '" + std::string(text) + "', need host:port, an address such as 192.0.2.1:80 or [2001:db8::1]:80, or unix:/path"};
}

}  // namespace

base::Result<Target> Target::parse(std::string_view text) {
  if (text.starts_with(kUnix)) {
    auto address = sys::SocketAddress::parse_unix(text.substr(kUnix.size()));
    if (!address) return base::failure(std::move(address.error()));
    return Target(*address);
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return base::failure(impossible(text));
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return base::failure(impossible(text));
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  if (auto address = sys::SocketAddress::parse_ip(host, port); address && (address->family() == AF_INET6) == is_bracketed) {
    return Target(*address);
  }
  const bool is_name =
      !is_bracketed && host.size() <= kHostBytesMax && host.find_first_of(std::string_view(":/[] \0", 6)) == host.npos;
  if (!is_name) return base::failure(impossible(text));
  return Target(std::string(host), port);
}

std::string Target::text() const {
  if (const sys::SocketAddress* known = address()) return (known->is_unix() ? std::string(kUnix) : std::string()) + known->text();
  return name().host + ':' + std::to_string(name().port);
}

}  // namespace corering::net
