// A Dialer on a simulated core, and servers at addresses for it to call.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "corering/net/connection_pool.h"
#include "corering/net/dialer.h"
#include "corering/sched/task.h"
#include "corering/testing/simulated_core.h"
#include "simulated_server.h"

namespace net_test {

using Manner = simulated::SimulatedNetwork::Manner;

inline sys::SocketAddress address(std::string_view host, std::uint16_t port = 80) {
  return sys::SocketAddress::parse_ip(host, port).value();
}

// A service that makes connections and takes none.
class ClientService : public runtime::Service {
 public:
  ClientService(runtime::Core& core, const net::Limits& limits, const net::DialerOptions& options)
      : dialer(core, limits, options) {}

  void start() override {}
  void drain() override {
    if (pool) pool->close();
    dialer.drain();
  }
  void abort() override { dialer.abort(); }
  bool is_idle() const override { return dialer.is_idle() && (!pool || pool->is_empty()); }
  void end() override { dialer.end(); }

  net::Dialer dialer;
  std::unique_ptr<net::ConnectionPool> pool;
};

class SimulatedClient : public ::testing::Test {
 protected:
  void TearDown() override {
    if (!core_) return;
    core_->core().request(runtime::Core::Request::drain);
    int turns_left = 1000;
    while (turns_left > 0 && core_->turn()) {
      core_->clock().advance(std::chrono::milliseconds(100));
      --turns_left;
    }
    EXPECT_GT(turns_left, 0) << "the client does not stop";
    EXPECT_TRUE(core_->backend().violations().empty()) << core_->backend().violations().front();
    EXPECT_EQ(core_->counter("client_accepted"), core_->counter("client_closed"));
    EXPECT_EQ(core_->counter("chunks_home"), core_->counter("chunks_total"));
    EXPECT_EQ(core_->network().open_streams(), 0u);
  }

  // Changes to options, limits and faults come before this.
  void start(std::uint64_t seed = 1) {
    core_ = std::make_unique<simulated::SimulatedCore>(options, faults, seed);
    core_->backend().on_idle(nullptr);
    core_->start([&](runtime::Core& core) {
      auto service = std::make_unique<ClientService>(core, limits, dialer_options);
      service_ = service.get();
      return service;
    });
  }

  // Starts a coroutine; running() tells how many have not ended.
  void run(sched::Task<> task) {
    tasks_.push_back(std::move(task));
    ++running_;
    tasks_.back().inherit(core_->core().scheduler().context());
    tasks_.back().start([](void* count) { --*static_cast<int*>(count); }, &running_);
  }
  int running() const { return running_; }

  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) core_->turn();
  }
  bool turn_until(const std::function<bool()>& condition) { return core_->turn_until(condition); }
  void pass(base::Duration duration) {
    core_->clock().advance(duration);
    turns(3);
  }

  // The server's end of a connection that has come about.
  simulated::Peer require_peer(const std::string& where) {
    std::optional<simulated::Peer> peer;
    EXPECT_TRUE(turn_until([&] {
      peer = core_->network().take_connected(where);
      return peer.has_value();
    })) << "nobody connects to "
        << where;
    return peer ? std::move(*peer) : simulated::Peer(std::make_shared<simulated::Stream>(0, 0));
  }
  static void write(simulated::Peer& peer, std::string_view text) { EXPECT_EQ(peer.write(base::bytes_of(text)), text.size()); }
  static std::string read(simulated::Peer& peer) {
    std::string text(65536, '\0');
    text.resize(peer.read(std::as_writable_bytes(std::span(text.data(), text.size()))));
    return text;
  }

  simulated::SimulatedCore& core() { return *core_; }
  net::Dialer& dialer() { return service_->dialer; }
  void make_pool(const net::Target& target, const net::ConnectionPoolOptions& pool_options) {
    service_->pool = std::make_unique<net::ConnectionPool>(dialer(), target, pool_options);
  }
  net::ConnectionPool& pool() { return *service_->pool; }
  std::uint64_t counter(std::string_view name) { return core_->counter(name); }

  runtime::Options options{.cores = 1,
                           .ring = {.submission_entries = 64, .completion_entries = 256},
                           .chunks = {.chunk_bytes = 256, .chunk_count = 32},
                           .small_chunks = {.chunk_bytes = 64, .chunk_count = 16},
                           .receive_window_chunks = 4};
  net::Limits limits;
  net::DialerOptions dialer_options;
  simulated::Faults faults = kNoFaults;

 private:
  std::unique_ptr<simulated::SimulatedCore> core_;
  ClientService* service_ = nullptr;
  std::vector<sched::Task<>> tasks_;
  int running_ = 0;
};

}  // namespace net_test
