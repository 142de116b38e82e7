// serve: a server's life from options to exit code: claim addresses, start all cores, wait for signals, drain, report.
//
// SIGTERM and SIGINT drain; a second one stops at once. SIGUSR1 prints the counters.
#pragma once

#include <functional>
#include <memory>

#include "common/flags.h"
#include "corering/net/session.h"

namespace apps {

// Makes the sessions of one core.
using SessionFactoryMaker = std::function<std::unique_ptr<corering::net::SessionFactory>(const corering::net::Limits& limits)>;

// Runs the server `name` until it is told to stop; returns the exit code. Call before any thread exists.
int serve(const char* name, const ServerOptions& options, const SessionFactoryMaker& make_sessions);

// Prints the feature table as found on this machine; returns the exit code.
int report_kernel(const char* name, const ServerOptions& options);

}  // namespace apps
