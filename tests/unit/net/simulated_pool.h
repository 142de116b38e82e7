// A ConnectionPool on a simulated core, and borrowers that ask its peers something.
#pragma once

#include <string>
#include <vector>

#include "simulated_client.h"

namespace net_test {

inline constexpr const char* kWhere = "10.0.0.1:80";

struct Outcome {
  std::string reply;
  int error = 0;
  base::ErrorCode code{};
  bool borrowed = false;
  bool ended = false;
};

// Borrows a connection, asks, waits for an answer with a full stop, and gives it back.
inline sched::Task<> ask(net::ConnectionPool& pool, std::string question, Outcome& outcome) {
  base::Result<net::PooledConnection> borrowed = co_await pool.borrow();
  outcome.borrowed = borrowed.has_value();
  if (!borrowed) {
    outcome.error = borrowed.error().os_error;
    outcome.code = borrowed.error().code;
    outcome.ended = true;
    co_return;
  }
  net::PooledConnection& connection = *borrowed;
  EXPECT_TRUE(connection->try_write(base::bytes_of(question)));
  while (outcome.reply.find('.') == std::string::npos) {
    net::Slice slice = co_await connection->receive();
    if (!slice) break;
    outcome.reply += base::text_of(slice.bytes());
  }
  outcome.ended = true;
}

inline sched::Task<bool> ping(net::Connection& connection) {
  EXPECT_TRUE(connection.try_write(base::bytes_of("ping")));
  net::Slice slice = co_await connection.receive();
  co_return slice&& base::text_of(slice.bytes()) == "pong";
}

class ConnectionPool : public SimulatedClient {
 protected:
  void SetUp() override { pool_options.name = "up"; }

  void start_pool(Manner manner = Manner::accepts) {
    start();
    core().network().add_remote(kWhere, manner);
    make_pool(address("10.0.0.1"), pool_options);
  }

  // One question and its answer; the connection is idle afterwards.
  void exchange(simulated::Peer& peer, Outcome& outcome) {
    ASSERT_TRUE(turn_until([&] { return peer.has_data(); }));
    read(peer);
    write(peer, "answer.");
    ASSERT_TRUE(turn_until([&] { return outcome.ended; }));
    EXPECT_EQ(outcome.reply, "answer.");
  }

  simulated::Peer one_idle() {
    run(ask(pool(), "first", outcomes[0]));
    auto peer = require_peer(kWhere);
    exchange(peer, outcomes[0]);
    EXPECT_EQ(counter("up_idle"), 1u);
    return peer;
  }

  net::ConnectionPoolOptions pool_options;
  std::vector<Outcome> outcomes = std::vector<Outcome>(8);
};

}  // namespace net_test
