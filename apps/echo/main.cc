// corering-echo: sends back what it receives (RFC 862 over TCP and Unix sockets).

#include <gflags/gflags.h>

#include "common/serve.h"
#include "corering/net/coroutine_session.h"
#include "echo/echo.h"

DEFINE_string(handler, "session", "how the handler is written: session (hooks) or coroutine; both do the same");

namespace {

using namespace corering;

constexpr const char* kName = "corering-echo";

std::unique_ptr<net::SessionFactory> make_sessions(const net::Limits& limits) {
  if (FLAGS_handler == "coroutine") return std::make_unique<net::CoroutineSessions>(&echo::echo, limits.connections_max);
  return std::make_unique<net::SharedSession<echo::EchoSession>>();
}

}  // namespace

int main(int argc, char** argv) {
  apps::parse_command_line(argc, argv, "corering-echo: sends back what it receives.");
  if (FLAGS_handler != "session" && FLAGS_handler != "coroutine") {
    const std::string text = "found --handler=" + FLAGS_handler + ", need session or coroutine";
    return apps::report_failure(kName, {base::ErrorCode::invalid_argument, 0, text});
  }
  auto options = apps::server_options();
  if (!options) return apps::report_failure(kName, options.error());
  if (options->report_kernel) return apps::report_kernel(kName, *options);
  return apps::serve(kName, *options, &make_sessions);
}
