// A net::Server on a simulated core without faults, and peers to talk to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corering/net/coroutine_session.h"
#include "corering/net/server.h"
#include "corering/sys/listen_socket.h"
#include "corering/testing/simulated_core.h"

namespace net_test {

namespace base = corering::base;
namespace mem = corering::mem;
namespace metrics = corering::metrics;
namespace net = corering::net;
namespace runtime = corering::runtime;
namespace sched = corering::sched;
namespace sys = corering::sys;
namespace simulated = corering::testing;  // ::testing is GoogleTest's

inline constexpr simulated::Faults kNoFaults{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

// Remembers what happened to it and does what the test says.
class ScriptedSession : public net::Session {
 public:
  enum class Manner : std::uint8_t { echo, keep, keep_patiently, finish_at_once, abort_at_once };

  explicit ScriptedSession(std::vector<std::string>& events, Manner manner = Manner::echo) : events_(events), manner_(manner) {}

  void on_open(net::Connection& connection) override {
    events_.push_back("open");
    last = &connection;
  }
  void on_data(net::Connection& connection) override {
    events_.push_back("data");
    if (manner_ == Manner::finish_at_once) connection.finish();
    if (manner_ == Manner::abort_at_once) connection.abort();
    while (manner_ == Manner::echo && !connection.input().empty()) connection.send(connection.input().pop_front());
  }
  void on_input_full(net::Connection& connection) override {
    if (manner_ != Manner::keep_patiently) Session::on_input_full(connection);
  }
  void on_end(net::Connection& connection) override {
    events_.push_back("end");
    connection.finish();
  }
  void on_drain(net::Connection&) override { events_.push_back("drain"); }
  void on_close(net::Connection&) override {
    events_.push_back("close");
    last = nullptr;
  }

  net::Connection* last = nullptr;

 private:
  std::vector<std::string>& events_;
  const Manner manner_;
};

// One session for all connections.
class OneSession : public net::SessionFactory {
 public:
  explicit OneSession(net::Session& session) : session_(session) {}
  net::Session* try_open(net::Connection&) override { return &session_; }
  void close(net::Session&) noexcept override {}

 private:
  net::Session& session_;
};

// Another factory, in a drought while `is_dry`: there is memory for everything but its sessions.
class DrySessions : public net::SessionFactory {
 public:
  explicit DrySessions(std::unique_ptr<net::SessionFactory> sessions) : sessions_(std::move(sessions)) {}
  net::Session* try_open(net::Connection& connection) override {
    if (!is_dry) return sessions_->try_open(connection);
    const mem::Heap::Drought drought;
    return sessions_->try_open(connection);
  }
  void close(net::Session& session) noexcept override { sessions_->close(session); }

  bool is_dry = true;

 private:
  const std::unique_ptr<net::SessionFactory> sessions_;
};

class SimulatedServer : public ::testing::Test {
 protected:
  void TearDown() override {
    if (!core_) return;
    // Time passes, so that lingering and draining end.
    core_->core().request(runtime::Core::Request::drain);
    int turns_left = 1000;
    while (turns_left > 0 && core_->turn()) {
      core_->clock().advance(std::chrono::milliseconds(100));
      --turns_left;
    }
    EXPECT_GT(turns_left, 0) << "the server does not stop";
    EXPECT_TRUE(core_->backend().violations().empty()) << core_->backend().violations().front();
    EXPECT_EQ(core_->counter("accepted"), core_->counter("closed"));
    EXPECT_EQ(core_->counter("chunks_home"), core_->counter("chunks_total"));
    EXPECT_EQ(core_->counter("small_chunks_home"), core_->counter("small_chunks_total"));
    EXPECT_EQ(core_->network().open_streams(), 0u);
  }

  // Outlives the server, whose drain in TearDown still calls it.
  ScriptedSession& make_session(ScriptedSession::Manner manner = ScriptedSession::Manner::echo) {
    session_ = std::make_unique<ScriptedSession>(events, manner);
    return *session_;
  }

  // Changes to options, limits and faults come before this.
  void start(std::unique_ptr<net::SessionFactory> sessions) {
    core_ = std::make_unique<simulated::SimulatedCore>(options, faults, 1);
    // Nobody acts by himself; a wait ends with its time-out or at once.
    core_->backend().on_idle(nullptr);
    listener_ = core_->network().open_listener();
    core_->start([&](runtime::Core& core) {
      return std::make_unique<net::Server>(core, std::vector<int>{listener_}, limits, std::move(sessions));
    });
  }
  void start(net::Session& session) { start(std::make_unique<OneSession>(session)); }

  // A connection for which there is no session is closed and counted; the next one is served.
  void check_refusal_without_session(std::unique_ptr<net::SessionFactory> sessions, std::string_view request) {
    auto dry = std::make_unique<DrySessions>(std::move(sessions));
    DrySessions& factory = *dry;
    start(std::move(dry));
    simulated::Peer refused = connect();
    write(refused, request);
    ASSERT_TRUE(core_->turn_until([&] { return counter("refused") == 1; }));
    turns(5);
    EXPECT_TRUE(refused.was_reset());
    EXPECT_EQ(counter("accepted"), 0u);
    factory.is_dry = false;
    simulated::Peer served = connect();
    write(served, request);
    EXPECT_TRUE(core_->turn_until([&] { return served.has_data(); }));
  }

  simulated::Peer connect(std::size_t to_server_bytes = 65536, std::size_t to_peer_bytes = 65536) {
    return core_->network().connect(listener_, to_server_bytes, to_peer_bytes);
  }

  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) core_->turn();
  }

  // Turns until all connections accepted so far are closed.
  bool turn_until_closed() {
    return core_->turn_until([this] { return counter("accepted") > 0 && counter("closed") == counter("accepted"); });
  }

  static std::size_t write(simulated::Peer& peer, std::string_view text) { return peer.write(base::bytes_of(text)); }
  static std::string read(simulated::Peer& peer, std::size_t limit = 1 << 20) {
    std::string text(limit, '\0');
    text.resize(peer.read(std::as_writable_bytes(std::span(text.data(), text.size()))));
    return text;
  }

  simulated::SimulatedCore& core() { return *core_; }
  std::uint64_t counter(std::string_view name) { return core_->counter(name); }

  runtime::Options options{.cores = 1,
                           .ring = {.submission_entries = 64, .completion_entries = 256},
                           .chunks = {.chunk_bytes = 256, .chunk_count = 32},
                           .small_chunks = {.chunk_bytes = 64, .chunk_count = 16},
                           .receive_window_chunks = 4};
  net::Limits limits;
  simulated::Faults faults = kNoFaults;
  std::vector<std::string> events;

 private:
  std::unique_ptr<ScriptedSession> session_;
  std::unique_ptr<simulated::SimulatedCore> core_;
  int listener_ = -1;
};

}  // namespace net_test
