#include "corering/net/endpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace corering::net {

namespace {

base::Result<sys::Fd> another_listener(const sys::Fd& first, const sys::SocketAddress& address,
                                       const sys::ConnectionBuffers& buffers) {
  if (!address.is_unix()) return sys::open_sibling_listen_socket(address, buffers);
  sys::Fd duplicate(::fcntl(first.value(), F_DUPFD_CLOEXEC, 0));
  if (!duplicate) return base::failure(base::os_error(errno, "sharing a listening socket between cores"));
  return duplicate;
}

}  // namespace

base::Result<Endpoint> Endpoint::claim(const sys::SocketAddress& address, std::uint32_t cores,
                                       const sys::ConnectionBuffers& buffers) {
  auto first = sys::claim_listen_socket(address, buffers);
  if (!first) return base::failure(std::move(first.error()));
  auto bound = address.is_unix() ? base::Result<sys::SocketAddress>(address) : sys::SocketAddress::bound_to(first->value());
  if (!bound) return base::failure(std::move(bound.error()));
  std::vector<sys::Fd> listeners;
  listeners.push_back(std::move(*first));
  while (listeners.size() < cores) {
    auto sibling = another_listener(listeners.front(), *bound, buffers);
    if (!sibling) return base::failure(std::move(sibling.error()));
    listeners.push_back(std::move(*sibling));
  }
  return Endpoint(*bound, std::move(listeners));
}

Endpoint::~Endpoint() {
  if (!listeners_.empty() && address_.is_unix()) ::unlink(address_.unix_path().c_str());
}

}  // namespace corering::net
