// Names of hosts to addresses.
//
// Blocks, for seconds if a name server does not answer: call it through sched::offload, never on a core. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "corering/base/result.h"
#include "corering/sys/socket_address.h"

namespace corering::sys {

// The stream addresses of `host` (a name, or a numeric address), in the order in which they are to be tried (RFC 6724). Never empty.
// Errors: invalid_argument for a name that does not exist, system for name servers that do not answer; the text names the host.
// Source: getaddrinfo(3).
base::Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port);

}  // namespace corering::sys
