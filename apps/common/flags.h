// The flags that all servers share, and what they mean for the library. Only apps know gflags; the library takes option aggregates.
#pragma once

#include <string>
#include <vector>

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
  bool report_kernel = false;
};

// Reads the command line. Prints what is asked for (--help, --version) or what is wrong (one line on stderr) and ends the
// process: exit code 0 or 2. `summary` is the first line of --help.
void parse_command_line(int argc, char** argv, const char* summary);

// The shared flags as options. Errors: invalid_argument (exit code 2) or limit_too_low (1).
corering::base::Result<ServerOptions> server_options();

// Prints "NAME: TEXT" as one line on stderr and returns the exit code that belongs to the error: 2 for what can never work, else 1.
int report_failure(const char* name, const corering::base::Error& error);

}  // namespace apps
