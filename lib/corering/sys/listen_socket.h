// Listening sockets: one address, claimed once, listened on by every core.
//
// SO_REUSEPORT lets each core have its own accept queue, and would also let a second process of the same user join in unnoticed.
// So the first socket of an address is bound without the option, which fails if anybody else holds the address, and gets the
// option only afterwards, for its siblings. Thread: any.
#pragma once

#include "corering/base/result.h"
#include "corering/sys/fd.h"
#include "corering/sys/socket_address.h"

namespace corering::sys {

// Connections waiting to be accepted; the kernel caps it at net.core.somaxconn.
inline constexpr int kListenBacklog = 4096;

// What accepted connections inherit.
struct ConnectionBuffers {
  // Kernel memory for replies that a client has not taken yet, per connection, bytes (SO_SNDBUF; the kernel doubles it). 0: the
  // kernel adapts it up to net.ipv4.tcp_wmem. A bound keeps clients that never read from filling net.ipv4.tcp_mem, which all
  // sockets of the machine share.
  int send_bytes = 0;
};

// The first socket of an address, already listening. Port 0 asks the kernel for one: see SocketAddress::bound_to. A Unix socket
// file that nobody listens on any more is replaced. Sockets accepted from it inherit TCP_NODELAY: without it large replies wait
// 40 ms for delayed acknowledgements. Errors: address_in_use, forbidden, system.
// Cost: up to half a second while the address is in use: a killed server's rings hold it for some milliseconds longer.
base::Result<Fd> claim_listen_socket(const SocketAddress& address, const ConnectionBuffers& buffers = {});

// A further socket for an address claimed by this process, for another core. Requires: an IP address with its real port.
base::Result<Fd> open_sibling_listen_socket(const SocketAddress& address, const ConnectionBuffers& buffers = {});

}  // namespace corering::sys
