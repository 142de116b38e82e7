// serve: a server's life from options to exit code: claim addresses, start all cores, wait for signals, drain, report.
//
// SIGTERM and SIGINT drain; a second one stops at once. SIGUSR1 prints the counters.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/flags.h"
#include "corering/net/session.h"
#include "corering/runtime/core.h"
#include "corering/runtime/service.h"

namespace apps {

// Makes the service of one core. `listeners`: a descriptor for each of options.addresses, in their order, which it owns.
using ServiceMaker = std::function<corering::base::Result<std::unique_ptr<corering::runtime::Service>>(
    corering::runtime::Core& core, const std::vector<int>& listeners)>;

// Makes the sessions of one core.
using SessionFactoryMaker = std::function<std::unique_ptr<corering::net::SessionFactory>(const corering::net::Limits& limits)>;

// The command line that the announcement suggests, for where the server listens.
using LineToTry = std::string (*)(const std::string& host, std::uint16_t port);

// What a server has to say of its own life. Thread: the one that called serve.
struct Life {
  std::function<bool()>
      is_ready;  // false: it listens, but recovers: asked several times a second until it is true. None: ready at once
  std::function<int()> on_stopped;  // all cores have ended: the exit code. None: 0
};

// Runs the server `name` until it is told to stop; returns the exit code. Call before any thread exists.
int serve(const char* name, const ServerOptions& options, const ServiceMaker& make_service, LineToTry line_to_try,
          const Life& life = {});

// The same for a service that is one net::Server.
int serve(const char* name, const ServerOptions& options, const SessionFactoryMaker& make_sessions);

// Prints the feature table as found on this machine; returns the exit code.
int report_kernel(const char* name, const ServerOptions& options);

}  // namespace apps
