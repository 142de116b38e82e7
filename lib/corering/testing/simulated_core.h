// SimulatedCore: a core whose kernel, network and clock are simulated, turned by hand.
//
//   SimulatedCore core(options, Faults{}, seed);
//   const int listener = core.network().open_listener();
//   core.start([&](runtime::Core& here) { return std::make_unique<net::Server>(here, std::vector{listener}, limits, make_sessions()); });
//   Peer peer = core.network().connect(listener, 4096, 4096);
//   peer.write(request);
//   core.turn_until([&] { return peer.has_data(); });
//
// Thread: one. Lifetime: destroy it only after stop() returned true, or leak it: operations in flight may not lose their owners.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "corering/metrics/registry.h"
#include "corering/runtime/core.h"
#include "corering/runtime/event_loop.h"
#include "corering/runtime/service.h"
#include "corering/testing/random.h"
#include "corering/testing/simulated_backend.h"
#include "corering/testing/simulated_network.h"
#include "corering/testing/virtual_clock.h"

namespace corering::testing {

class SimulatedCore {
 public:
  using MakeService = std::function<std::unique_ptr<runtime::Service>(runtime::Core& core)>;

  // Requires: options that a core can be opened with.
  SimulatedCore(const runtime::Options& options, const Faults& faults, std::uint64_t seed);
  ~SimulatedCore();

  void start(const MakeService& make_service);

  // One turn; false when the service has drained and the loop has ended.
  bool turn();

  // Turns until the condition holds; false after turns_max turns, or when the loop ends first.
  bool turn_until(const std::function<bool()>& condition, std::uint64_t turns_max = 10'000);

  // Drains; true when everything has come to its end within turns_max turns.
  bool stop(std::uint64_t turns_max = 10'000);

  runtime::Core& core() noexcept { return *core_; }
  SimulatedNetwork& network() noexcept { return network_; }
  SimulatedBackend& backend() noexcept { return *backend_; }
  VirtualClock& clock() noexcept { return clock_; }
  Random& random() noexcept { return random_; }
  std::uint64_t turns() const noexcept { return turns_; }

  // With the gauges up to date.
  metrics::Snapshot counters();
  std::uint64_t counter(std::string_view name) { return metrics::value_of(counters(), name); }

 private:
  Random random_;
  VirtualClock clock_;
  SimulatedNetwork network_;
  metrics::Registry registry_;
  runtime::Exchange exchange_{1};
  runtime::DrainBarrier barrier_{1};
  SimulatedBackend* backend_ = nullptr;  // owned by the core
  std::unique_ptr<runtime::Core> core_;
  std::unique_ptr<runtime::Service> service_;
  std::unique_ptr<runtime::EventLoop> loop_;
  std::uint64_t turns_ = 0;
  bool ended_ = false;
};

}  // namespace corering::testing
