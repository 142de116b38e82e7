// One whole life of the echo server on the simulated ring: start, peers of all manners, drain, stop; every choice drawn from one
// seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "corering/metrics/registry.h"
#include "corering/net/limits.h"
#include "corering/net/session.h"
#include "corering/runtime/options.h"
#include "corering/testing/random.h"
#include "corering/testing/simulated_core.h"
#include "scripted_peer.h"

namespace sim {

struct Outcome {
  std::string failure;  // empty: everything held
  std::uint64_t turns = 0;
  std::uint64_t verified_bytes = 0;
  std::uint64_t unacknowledged_through_stalls = 0;  // zero-copy sends whose notification a minute passed without
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
  corering::testing::Faults draw_faults();
  corering::runtime::Options draw_options();
  corering::net::Limits draw_limits();
  std::unique_ptr<corering::net::SessionFactory> draw_sessions(const corering::runtime::Options& options,
                                                               const corering::net::Limits& limits);
  void start();
  void drain();
  void connect_peer();
  bool let_peers_act();
  bool let_a_minute_pass();
  std::string turn_to_the_end();
  std::string check();
  std::string describe();

  corering::testing::Random random_;  // of the plan; the core has one of its own
  std::unique_ptr<corering::testing::SimulatedCore> core_;
  std::vector<std::unique_ptr<ScriptedPeer>> peers_;
  int listener_ = -1;
  std::size_t peers_to_come_ = 0;
  std::uint64_t drain_at_turn_ = 0;
  std::uint64_t enters_before_ = 0;
  std::uint64_t unacknowledged_through_stalls_ = 0;
  bool draining_ = false;
  bool copies_ = false;       // the handler answers with copies
  bool may_drop_ = false;     // the handler leaves early, or draining is cut short: not every byte comes back
  bool peers_reset_ = false;  // some peer broke its connection: its bytes do not add up
};

}  // namespace sim
