#include "corering/net/admin_server.h"

#include <utility>

#include "corering/metrics/json.h"
#include "corering/metrics/prometheus.h"
#include "corering/net/admin_page.h"
#include "corering/net/server.h"

namespace corering::net {

namespace {

constexpr std::size_t kConnectionsMax = 64;

// Little memory, and no locked memory to speak of.
runtime::Options runtime_options() {
  runtime::Options options;
  options.cores = 1;
  options.thread_name = "admin";
  options.ring = {.submission_entries = 64, .completion_entries = 512};
  options.chunks = {.chunk_bytes = std::size_t{16} << 10, .chunk_count = 64};
  options.small_chunks = {.chunk_bytes = 64, .chunk_count = 1};
  options.receive_window_chunks = 8;
  options.loop.turn_timing = runtime::TurnTiming::off;
  options.drain_timeout = std::chrono::seconds(1);
  return options;
}

Limits limits() {
  Limits limits;
  limits.connections_max = kConnectionsMax;
  limits.idle_timeout = std::chrono::seconds(60);
  limits.send_policy.zero_copy = ZeroCopy::never;
  return limits;
}

std::string_view text_of(Readiness readiness) {
  switch (readiness) {
    case Readiness::starting: return "starting\n";
    case Readiness::recovering: return "recovering\n";
    case Readiness::ready: return "ready\n";
    default: return "draining\n";
  }
}

}  // namespace

base::Result<std::unique_ptr<AdminServer>> AdminServer::start(Options options) {
  auto endpoint = Endpoint::claim(options.address, 1, {});
  if (!endpoint) return base::failure(std::move(endpoint.error()));
  std::unique_ptr<AdminServer> server(new AdminServer(std::move(options), std::move(*endpoint)));
  const auto make_service = [&](runtime::Core& core) -> base::Result<std::unique_ptr<runtime::Service>> {
    HttpHandler handler = [self = server.get()](std::string_view path) { return self->answer(path); };
    return std::make_unique<Server>(core, std::vector<int>{server->endpoint_.take(0)}, limits(),
                                    std::make_unique<HttpSessions>(std::move(handler), kConnectionsMax));
  };
  auto runtime = runtime::Runtime::start(runtime_options(), server->options_.backend, make_service);
  if (!runtime) return base::failure(std::move(runtime.error()));
  server->runtime_ = std::move(*runtime);
  return server;
}

AdminServer::~AdminServer() = default;

HttpResponse AdminServer::answer(std::string_view path) const {
  if (path == "/") return {.content_type = "text/html; charset=utf-8", .body = std::string(kAdminPage)};
  if (path == "/metrics") {
    return {.content_type = std::string(metrics::kPrometheusContentType), .body = metrics::to_prometheus(options_.collect())};
  }
  if (path == "/metrics.json") return {.content_type = "application/json", .body = metrics::to_json(options_.collect())};
  if (path == "/healthz") return {.body = "ok\n"};
  if (path == "/readyz") {
    const Readiness readiness = readiness_.load(std::memory_order_relaxed);
    return {.status = readiness == Readiness::ready ? 200 : 503, .body = std::string(text_of(readiness))};
  }
  if (const auto page = options_.pages.find(path); page != options_.pages.end()) return page->second(path);
  return {.status = 404, .body = "Not Found\n"};
}

}  // namespace corering::net
