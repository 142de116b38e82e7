// The flags that all servers share, and what they mean for the library. Only apps know gflags; the library takes option aggregates.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/command_line.h"
#include "corering/net/limits.h"
#include "corering/runtime/backend_choice.h"
#include "corering/runtime/options.h"
#include "corering/sys/listen_socket.h"
#include "corering/sys/socket_address.h"

namespace apps {

struct ServerOptions {
  std::vector<corering::sys::SocketAddress> addresses;
  corering::runtime::Options runtime;
  corering::runtime::BackendChoice backend = corering::runtime::BackendChoice::automatic;
  corering::net::Limits limits;  // per core
  corering::sys::ConnectionBuffers buffers;
  std::optional<corering::sys::SocketAddress> admin;                      // of the admin endpoint, if there is to be one
  corering::base::Duration stall_limit = std::chrono::milliseconds(100);  // 0: not watched
  bool report_kernel = false;
};

// The shared flags as options. Errors: invalid_argument (exit code 2) or limit_too_low (1).
corering::base::Result<ServerOptions> server_options();

}  // namespace apps
