// AdminServer: what a server shows of itself, over HTTP, to operators and their tools.
//
//   /            a live page: one file, no outside requests
//   /metrics     for Prometheus
//   /metrics.json  the same for programs, histograms in full resolution; what the live page draws
//   /healthz     200 as long as the process can answer
//   /readyz      200 when it serves, 503 while it starts, recovers or drains
//
// It runs on a core of its own, of a runtime of its own: a scrape takes nothing from the cores that serve, and works when they are
// stuck. Its core sleeps unless somebody asks.
//
// Thread: start and the destructor: one without a core; set_readiness: any. Lifetime: what it observes outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "corering/base/result.h"
#include "corering/metrics/registry.h"
#include "corering/net/endpoint.h"
#include "corering/net/http_session.h"
#include "corering/runtime/backend_choice.h"
#include "corering/runtime/runtime.h"
#include "corering/sys/socket_address.h"

namespace corering::net {

enum class Readiness : std::uint8_t { starting, recovering, ready, draining };

class AdminServer {
 public:
  // Makes the families that are shown; called on the admin core for each scrape.
  using Collect = std::function<std::vector<metrics::Family>()>;

  struct Options {
    sys::SocketAddress address;
    runtime::BackendFactory backend;
    Collect collect;
    std::map<std::string, HttpHandler, std::less<>> pages;  // further paths, called on the admin core
  };

  // Serves when it returns. Errors: as Endpoint::claim and Runtime::start.
  static base::Result<std::unique_ptr<AdminServer>> start(Options options);

  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  ~AdminServer();  // drops what is not answered

  void set_readiness(Readiness readiness) noexcept { readiness_.store(readiness, std::memory_order_relaxed); }

  const sys::SocketAddress& address() const noexcept { return endpoint_.address(); }

  // The answer to a path.
  HttpResponse answer(std::string_view path) const;

 private:
  AdminServer(Options options, Endpoint endpoint) : options_(std::move(options)), endpoint_(std::move(endpoint)) {}

  const Options options_;
  Endpoint endpoint_;
  std::atomic<Readiness> readiness_{Readiness::starting};
  std::unique_ptr<runtime::Runtime> runtime_;
};

}  // namespace corering::net
