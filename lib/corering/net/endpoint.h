// Endpoint: an address that this process serves, with a listening socket for each core.
//
// Claimed as a whole before any core runs, so that a port in use is one clear error. IP: one socket per core, the kernel spreads
// connections by hash. Unix: all cores accept from the same socket. Thread: the one that starts the runtime. Lifetime: removes a
// Unix socket's file when it dies.
#pragma once

#include <cstdint>
#include <vector>

#include "corering/base/result.h"
#include "corering/sys/fd.h"
#include "corering/sys/listen_socket.h"
#include "corering/sys/socket_address.h"

namespace corering::net {

class Endpoint {
 public:
  // Errors: address_in_use, forbidden, system.
  static base::Result<Endpoint> claim(const sys::SocketAddress& address, std::uint32_t cores,
                                      const sys::ConnectionBuffers& buffers = {});

  Endpoint(Endpoint&&) = default;
  Endpoint& operator=(Endpoint&&) = delete;
  ~Endpoint();

  // With the port that the kernel chose, if it was asked to.
  const sys::SocketAddress& address() const noexcept { return address_; }

  // The listening descriptor for a core; the caller owns it. Once per core.
  int take(std::uint32_t core) noexcept { return listeners_[core].release(); }

 private:
  Endpoint(const sys::SocketAddress& address, std::vector<sys::Fd> listeners)
      : address_(address), listeners_(std::move(listeners)) {}

  sys::SocketAddress address_;
  std::vector<sys::Fd> listeners_;  // empty after a move
};

}  // namespace corering::net
