#include "common/serve.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "corering/base/log.h"
#include "corering/net/admin_server.h"
#include "corering/net/endpoint.h"
#include "corering/net/server.h"
#include "corering/runtime/runtime.h"
#include "corering/sys/signals.h"

namespace apps {

namespace {

using namespace corering;

base::Result<std::vector<net::Endpoint>> claim_endpoints(const ServerOptions& options) {
  std::vector<net::Endpoint> endpoints;
  for (const sys::SocketAddress& address : options.addresses) {
    auto endpoint = net::Endpoint::claim(address, options.runtime.cores, options.buffers);
    if (!endpoint) return base::failure(std::move(endpoint.error()));
    endpoints.push_back(std::move(*endpoint));
  }
  return endpoints;
}

runtime::ServiceFactory service_factory(std::vector<net::Endpoint>& endpoints, const ServiceMaker& make_service) {
  return [&endpoints, &make_service](runtime::Core& core) {
    std::vector<int> listeners;
    listeners.reserve(endpoints.size());
    for (net::Endpoint& endpoint : endpoints) listeners.push_back(endpoint.take(core.id().value));
    return make_service(core, listeners);
  };
}

void announce(const char* name, const std::vector<net::Endpoint>& endpoints, const runtime::Runtime& runtime,
              LineToTry line_to_try) {
  std::string addresses;
  for (const net::Endpoint& endpoint : endpoints) addresses += (addresses.empty() ? "" : " and ") + endpoint.address().text();
  const sys::SocketAddress& tcp = endpoints.front().address();
  std::string host = tcp.text();
  host = host.substr(0, host.rfind(':'));
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  std::printf("%s: listening on %s (%u cores, %s, %s pages)\n", name, addresses.c_str(), runtime.cores(),
              std::string(runtime.backend_name()).c_str(), std::string(mem::name_of(runtime.arena_pages())).c_str());
  std::printf("try: %s\n", line_to_try(host, tcp.port()).c_str());
  std::fflush(stdout);
}

// For any server that says something back.
std::string line_with_bash(const std::string& host, std::uint16_t port) {
  return "bash -c 'exec 3<>/dev/tcp/" + host + "/" + std::to_string(port) + "; echo hello >&3; head -n 1 <&3'";
}

void print_counters(const char* name, const char* title, runtime::Runtime& runtime) {
  runtime.sample();
  const std::string line = std::string(name) + ": " + title + ": " + metrics::to_line(runtime.registry().snapshot()) + "\n";
  // In one write, which fprintf would cut into several: whoever reads along sees whole lines.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

// Nothing if none is asked for.
base::Result<std::unique_ptr<net::AdminServer>> start_admin(const ServerOptions& options, runtime::Runtime& runtime) {
  if (!options.admin) return nullptr;
  net::AdminServer::Options admin;
  admin.address = *options.admin;
  admin.backend = runtime::backend_factory(options.backend);
  admin.collect = [&runtime] {
    runtime.sample();
    return runtime.registry().collect();
  };
  return net::AdminServer::start(std::move(admin));
}

void announce_admin(const char* name, const net::AdminServer& admin) {
  std::printf("%s: live page and metrics on http://%s/\n", name, admin.address().text().c_str());
  std::fflush(stdout);
}

void wait_until_told_to_stop(const char* name, runtime::Runtime& runtime, const Life& life, net::AdminServer* admin) {
  bool is_ready = false;
  for (;;) {
    if (!is_ready && (!life.is_ready || life.is_ready())) {
      is_ready = true;
      if (admin != nullptr) admin->set_readiness(net::Readiness::ready);
    }
    const base::Duration patience = is_ready ? base::Duration(std::chrono::hours(1)) : std::chrono::milliseconds(50);
    const auto signal = sys::wait_for_signal({SIGTERM, SIGINT, SIGUSR1}, patience);
    if (signal == SIGUSR1) print_counters(name, "counters", runtime);
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

// While the cores drain: a second signal cuts it short.
void wait_until_stopped(const char* name, runtime::Runtime& runtime) {
  while (!runtime.has_stopped()) {
    const auto signal = sys::wait_for_signal({SIGTERM, SIGINT, SIGUSR1}, std::chrono::milliseconds(10));
    if (signal == SIGUSR1) print_counters(name, "counters", runtime);
    if (signal == SIGTERM || signal == SIGINT) runtime.abort();
  }
  runtime.join();
}

}  // namespace

int serve(const char* name, const ServerOptions& options, const ServiceMaker& make_service, LineToTry line_to_try,
          const Life& life) {
  sys::block_signals({SIGTERM, SIGINT, SIGUSR1});
  auto endpoints = claim_endpoints(options);
  if (!endpoints) return report_failure(name, endpoints.error());
  auto runtime = runtime::Runtime::start(options.runtime, runtime::backend_factory(options.backend),
                                         service_factory(*endpoints, make_service));
  if (!runtime) return report_failure(name, runtime.error());
  if (!(*runtime)->warning().empty()) base::log(base::LogLevel::warning, (*runtime)->warning());
  if (options.stall_limit > base::Duration::zero()) {
    if (auto watched = (*runtime)->watch_for_stalls({.limit = options.stall_limit}); !watched)
      return report_failure(name, watched.error());
  }
  auto admin = start_admin(options, **runtime);
  if (!admin) return report_failure(name, admin.error());
  announce(name, *endpoints, **runtime, line_to_try);
  if (*admin) announce_admin(name, **admin);
  if (*admin && life.is_ready) (*admin)->set_readiness(net::Readiness::recovering);
  wait_until_told_to_stop(name, **runtime, life, admin->get());
  if (*admin) (*admin)->set_readiness(net::Readiness::draining);
  (*runtime)->drain();
  wait_until_stopped(name, **runtime);
  const int code = life.on_stopped ? life.on_stopped() : 0;
  print_counters(name, "stopped", **runtime);
  return code;
}

int serve(const char* name, const ServerOptions& options, const SessionFactoryMaker& make_sessions) {
  const ServiceMaker make_server = [&](runtime::Core& core,
                                       const std::vector<int>& listeners) -> base::Result<std::unique_ptr<runtime::Service>> {
    return std::make_unique<net::Server>(core, listeners, options.limits, make_sessions(options.limits));
  };
  return serve(name, options, make_server, &line_with_bash);
}

int report_kernel(const char* name, const ServerOptions& options) {
  const auto backend = runtime::backend_factory(options.backend)();
  auto ring = ring::Ring::open(*backend, options.runtime.ring);
  if (!ring) return report_failure(name, ring.error());
  std::fputs(ring::feature_report(ring->features()).c_str(), stdout);
  return 0;
}

}  // namespace apps
