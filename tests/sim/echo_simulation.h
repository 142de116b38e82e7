// One whole life of the echo server on the simulated ring: start, peers of all manners, drain, stop; every choice drawn from one seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "corering/metrics/registry.h"
#include "corering/net/limits.h"
#include "corering/runtime/options.h"
#include "corering/testing/random.h"
#include "corering/testing/simulated_backend.h"
#include "corering/testing/simulated_network.h"
#include "corering/testing/virtual_clock.h"
#include "scripted_peer.h"

namespace sim {

struct Outcome {
  std::string failure;  // empty: everything held
  std::uint64_t turns = 0;
  std::uint64_t verified_bytes = 0;
  corering::metrics::Snapshot counters;
};

class EchoSimulation {
 public:
  explicit EchoSimulation(std::uint64_t seed);
  EchoSimulation(const EchoSimulation&) = delete;
  EchoSimulation& operator=(const EchoSimulation&) = delete;
  ~EchoSimulation();

  Outcome run();

 private:
  class Place;  // core, service and loop

  corering::testing::Faults draw_faults();
  corering::runtime::Options draw_options();
  corering::net::Limits draw_limits();
  void connect_peers(int listener);
  bool let_peers_act();
  std::string describe(std::uint64_t turns) const;
  std::string check(const Place& place, std::uint64_t enters, std::uint64_t turns) const;

  const std::uint64_t seed_;
  corering::testing::Random random_;
  corering::testing::VirtualClock clock_;
  corering::testing::SimulatedNetwork network_;
  corering::metrics::Registry registry_;
  corering::testing::SimulatedBackend* backend_ = nullptr;  // owned by the core
  std::unique_ptr<Place> place_;
  std::vector<std::unique_ptr<ScriptedPeer>> peers_;
  int listener_ = -1;
  std::size_t peers_to_come_ = 0;
  std::uint64_t drain_at_turn_ = 0;
  bool draining_ = false;
  bool peers_reset_ = false;  // some peer broke its connection: its bytes do not add up
};

}  // namespace sim
