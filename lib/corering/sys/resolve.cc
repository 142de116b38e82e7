#include "corering/sys/resolve.h"

#include <netdb.h>

#include <cerrno>
#include <memory>

namespace corering::sys {

namespace {

base::Error refused(const std::string& host, int result, int system_error) {
  const bool is_name = result == EAI_NONAME || result == EAI_NODATA || result == EAI_ADDRFAMILY;
  const std::string reason = result == EAI_SYSTEM ? base::errno_text(system_error) : ::gai_strerror(result);
  return {is_name ? base::ErrorCode::invalid_argument : base::ErrorCode::system, result == EAI_SYSTEM ? system_error : 0,
          "looking up '" + host + "': " + reason};
}

}  // namespace

base::Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (result != 0) return base::failure(refused(host, result, errno));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (auto address = SocketAddress::from(entry->ai_addr, entry->ai_addrlen)) addresses.push_back(*address);
  }
  if (addresses.empty()) return base::failure(refused(host, EAI_NODATA, 0));
  return addresses;
}

}  // namespace corering::sys
