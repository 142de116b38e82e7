#include "echo_simulation.h"

#include <algorithm>

#include "corering/net/coroutine_session.h"
#include "corering/net/server.h"
#include "corering/runtime/event_loop.h"
#include "corering/sys/listen_socket.h"
#include "echo/echo.h"
#include "sim_sessions.h"

namespace sim {

using namespace corering;

namespace {

// Far more turns than any schedule needs: a server that makes no progress ends here.
constexpr std::uint64_t kTurnsMax = 200'000;
constexpr std::size_t kPeersMax = 8;

}  // namespace

EchoSimulation::EchoSimulation(std::uint64_t seed) : random_(seed) {}

EchoSimulation::~EchoSimulation() = default;

testing::Faults EchoSimulation::draw_faults() {
  // Calm schedules and stormy ones.
  const auto up_to = [this](std::uint64_t bound) { return static_cast<unsigned>(random_.below(bound + 1)); };
  if (random_.chance(100)) return {0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 0};
  testing::Faults faults;
  faults.late = up_to(700);
  faults.short_receive = up_to(600);
  faults.short_send = up_to(400);
  faults.no_buffers = up_to(100);
  faults.multishot_ends = up_to(300);
  faults.accept_fails = up_to(200);
  faults.cancel_already = up_to(1000);
  faults.submit_stops = up_to(100);
  faults.interrupted = up_to(100);
  faults.kernel_copies = random_.chance(500) ? 1000 : up_to(1000);
  faults.no_zero_copy = random_.chance(500) ? 0 : up_to(100);
  return faults;
}

runtime::Options EchoSimulation::draw_options() {
  runtime::Options options;
  options.cores = 1;
  options.ring.submission_entries = std::uint32_t{1} << random_.between(2, 6);
  options.ring.completion_entries = options.ring.submission_entries << random_.between(1, 3);
  options.chunks.chunk_bytes = std::size_t{64} << random_.below(5);
  options.chunks.chunk_count = random_.between(4, 64);
  options.small_chunks.chunk_bytes = std::size_t{64} << random_.below(3);
  options.small_chunks.chunk_count = random_.between(1, 16);
  options.receive_window_chunks = static_cast<std::uint32_t>(random_.between(1, 8));
  options.direct_descriptors = random_.chance(300) ? 64 : 0;
  options.loop.ready_count_max = random_.between(1, 16);
  options.drain_timeout = std::chrono::seconds(1000);
  if (random_.chance(100)) {
    options.drain_timeout = std::chrono::microseconds(random_.below(20'000));
    may_drop_ = true;
  }
  return options;
}

net::Limits EchoSimulation::draw_limits() {
  net::Limits limits;
  limits.connections_max = random_.chance(200) ? sys::kListenBacklog + random_.between(1, 16) : random_.between(1, 16);
  limits.send_queue_bytes_high = random_.between(64, 8192);
  limits.send_queue_bytes_low = limits.send_queue_bytes_high / random_.between(1, 8);
  limits.input_chunks_max = random_.between(1, 8);
  limits.lent_slices_max = random_.between(0, 8);
  static constexpr net::ZeroCopy kModes[] = {net::ZeroCopy::automatic, net::ZeroCopy::always, net::ZeroCopy::never};
  limits.send_policy = {kModes[random_.below(std::size(kModes))], random_.between(1, 1024)};
  if (random_.chance(100)) limits.idle_timeout = std::chrono::seconds(1000);  // longer than all stalls together
  return limits;
}

// The two handlers of the echo server, and two that do what other protocols do.
std::unique_ptr<net::SessionFactory> EchoSimulation::draw_sessions(const runtime::Options& options, const net::Limits& limits) {
  const std::uint64_t kind = random_.below(11);
  if (kind < 4) return std::make_unique<net::CoroutineSessions>(&echo::echo, limits.connections_max);
  if (kind < 8) return std::make_unique<net::SharedSession<echo::EchoSession>>();
  if (kind < 9) {
    may_drop_ = true;
    return std::make_unique<SimSessions<LeavingSession>>(random_.between(1, 4000), limits.connections_max);
  }
  copies_ = true;
  if (kind == 10) return std::make_unique<SimSessions<ComposingSession>>(random_.between(1, 300), limits.connections_max);
  if (random_.chance(500)) return std::make_unique<SimSessions<LandingSession>>(random_.between(1, 3000), limits.connections_max);
  // All connections' incomplete blocks have to fit into the pool.
  const bool is_roomy = options.chunks.chunk_count >= 4 * kPeersMax && limits.input_chunks_max > 2;
  const std::size_t block_max = is_roomy ? options.chunks.chunk_bytes : 1;
  return std::make_unique<SimSessions<BlockSession>>(random_.between(1, block_max), limits.connections_max);
}

void EchoSimulation::connect_peer() {
  --peers_to_come_;
  static constexpr Manner kManners[] = {Manner::ordinary, Manner::ordinary,  Manner::slow_reader,
                                        Manner::stalling, Manner::resetting, Manner::vanishing};
  const Manner manner = kManners[random_.below(std::size(kManners))];
  testing::Peer peer = core_->network().connect(listener_, random_.between(1, 4096), random_.between(1, 4096));
  peers_.push_back(std::make_unique<ScriptedPeer>(std::move(peer), manner, random_.next(), random_.between(0, 6000)));
  if (manner == Manner::resetting) peers_reset_ = true;
}

// Someone does something; false if nobody can.
bool EchoSimulation::let_peers_act() {
  if (peers_to_come_ > 0 && !draining_ && random_.chance(300)) {
    connect_peer();
    return true;
  }
  if (!peers_.empty()) {
    const std::size_t first = static_cast<std::size_t>(random_.below(peers_.size()));
    for (std::size_t index = 0; index < peers_.size(); ++index) {
      if (peers_[(first + index) % peers_.size()]->act(random_)) return true;
    }
  }
  if (peers_to_come_ > 0 && !draining_) {
    connect_peer();
    return true;
  }
  if (let_a_minute_pass()) return true;
  const bool all_done = std::ranges::all_of(peers_, [](const auto& peer) { return peer->is_done(); });
  if (!all_done || draining_) return false;
  drain();
  return true;
}

// For those who stall: false if nobody does. A server that drains gives its clients a second: then they wake at once.
bool EchoSimulation::let_a_minute_pass() {
  const bool does = std::ranges::any_of(peers_, [](const auto& peer) { return peer->is_stalled(); });
  if (!does) return false;
  if (!draining_) {
    core_->clock().advance(std::chrono::minutes(1));
    unacknowledged_through_stalls_ += core_->backend().unacknowledged_sends();
  }
  for (auto& peer : peers_) peer->wake();
  return true;
}

void EchoSimulation::drain() {
  draining_ = true;
  core_->core().request(runtime::Core::Request::drain);
}

void EchoSimulation::start() {
  const testing::Faults faults = draw_faults();
  const runtime::Options options = draw_options();
  const net::Limits limits = draw_limits();
  auto sessions = draw_sessions(options, limits);
  peers_to_come_ = random_.between(1, kPeersMax);
  drain_at_turn_ = random_.chance(300) ? random_.between(1, 300) : kTurnsMax;
  core_ = std::make_unique<testing::SimulatedCore>(options, faults, random_.next());
  core_->backend().on_idle([this] { return let_peers_act(); });
  listener_ = core_->network().open_listener();
  core_->start([&](runtime::Core& core) {
    return std::make_unique<net::Server>(core, std::vector<int>{listener_}, limits, std::move(sessions));
  });
  enters_before_ = core_->backend().enters();
}

Outcome EchoSimulation::run() {
  start();
  Outcome outcome;
  outcome.failure = turn_to_the_end();
  // What the server sent before it stopped is still under way.
  while (std::ranges::any_of(peers_, [this](const auto& peer) { return peer->act(random_); })) {
  }
  if (outcome.failure.empty()) outcome.failure = check();
  outcome.turns = core_->turns();
  outcome.unacknowledged_through_stalls = unacknowledged_through_stalls_;
  for (const auto& peer : peers_) outcome.verified_bytes += peer->verified_bytes();
  outcome.counters = core_->counters();
  if (!outcome.failure.empty()) {
    outcome.failure += describe();
    // A failed schedule leaves operations in flight: its objects cannot be destroyed in order.
    static_cast<void>(core_.release());
  }
  return outcome;
}

// What went wrong, or nothing.
std::string EchoSimulation::turn_to_the_end() {
  while (core_->turn()) {
    if (random_.chance(300)) let_peers_act();
    if (core_->turns() == drain_at_turn_ && !draining_) drain();
    if (core_->backend().is_stuck()) return "the server waits for ever";
    if (core_->turns() == kTurnsMax) return "the server does not come to an end";
  }
  return {};
}

// What a reader of a failed seed wants to know first.
std::string EchoSimulation::describe() {
  std::string text = "\nturn " + std::to_string(core_->turns()) + (draining_ ? ", draining, " : ", ") +
                     std::to_string(core_->backend().pending()) + " operations pending, chunks of " +
                     std::to_string(core_->core().options().chunks.chunk_bytes);
  for (const auto& peer : peers_) {
    const testing::Stream& stream = peer->peer().stream();
    text += "\npeer: manner " + std::to_string(static_cast<int>(peer->manner())) + (peer->is_done() ? " done" : "") + " verified " +
            std::to_string(peer->verified_bytes()) + " to server " + std::to_string(stream.to_server.size()) + " to peer " +
            std::to_string(stream.to_peer.size()) + " received " + std::to_string(stream.server_received_bytes) +
            (peer->failure().empty() ? "" : " FAILED: " + peer->failure()) + (stream.peer_ended ? " peer_ended" : "") +
            (stream.peer_reset ? " peer_reset" : "") + (stream.server_ended ? " server_ended" : "") +
            (stream.server_reset ? " server_reset" : "") + (stream.server_closed ? " server_closed" : "");
  }
  return text + "\n" + metrics::to_line(core_->counters());
}

std::string EchoSimulation::check() {
  if (!core_->backend().violations().empty()) return core_->backend().violations().front();
  for (const auto& peer : peers_) {
    if (!peer->failure().empty()) return peer->failure();
  }
  const metrics::Snapshot counters = core_->counters();
  const auto value = [&](const char* name) { return metrics::value_of(counters, name); };
  if (value("chunks_home") != value("chunks_total") || value("small_chunks_home") != value("small_chunks_total"))
    return "chunks are missing: " + metrics::to_line(counters);
  if (value("accepted") != value("closed")) return "connections are missing: " + metrics::to_line(counters);
  if (core_->network().open_streams() != 0) return "a socket was not closed";
  if (core_->core().ring().in_flight() != 0) return "operations are in flight after the end";
  if (!copies_ && value("copied_bytes") != 0) return "an echo copied bytes";
  if (value("input_overflows") != 0) return "a connection was dropped for its input: " + metrics::to_line(counters);
  if (core_->backend().enters() - enters_before_ != core_->turns() + value("extra_enters"))
    return "a turn did not enter exactly once";
  if (may_drop_) return {};
  if (value("timed_out") + value("aborted") != 0) return "a connection was dropped: " + metrics::to_line(counters);
  if (!peers_reset_) {
    if (value("peer_failures") != 0) return "a sound peer was reported as failed";
    if (value("sent_bytes") != value("received_bytes") - value("discarded_bytes"))
      return "bytes were not echoed: " + metrics::to_line(counters);
  }
  for (const auto& peer : peers_) {
    // Clients still in the backlog when the listener closed, or accepted just then and refused, never were connections.
    const testing::Stream& stream = peer->peer().stream();
    const bool never_served = draining_ && stream.server_reset && stream.server_received_bytes == 0;
    if (peer->manner() == Manner::resetting || never_served) continue;
    if (stream.server_reset) return "a well-behaved peer was reset";
    if (!draining_ || drain_at_turn_ != kTurnsMax) continue;
    if (peer->verified_bytes() != stream.server_received_bytes) return "a peer did not get back all it sent";
  }
  return {};
}

}  // namespace sim
