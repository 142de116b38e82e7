// One client of the crowd, through all its connections.
//
// A peer plays rounds (round.h) against the server and checks every byte that comes back. It never waits: whoever drives
// it calls step() when its socket is ready or its time has come, and then asks what it wants next.
//
// Thread: the crowd's only.
// Lifetime: the Shared it was given must outlive it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "torture/random.h"
#include "torture/report.h"
#include "torture/round.h"
#include "torture/socket.h"

namespace corering::torture {

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kStallUs = 10 * kSecondUs;

// What all peers of a crowd have in common.
struct Shared {
  Target target;
  std::uint64_t seed = 0;
  std::uint64_t message_bytes_max = 0;
  bool winding_down = false;  // finish the round, leave politely, do not come back
  Report report;
  std::array<std::byte, 256 * 1024> buffer;  // contents live only within one read or write
};

class Peer {
 public:
  Peer(Shared& shared, std::uint32_t index);

  // Does what is possible now. `events` are epoll's, 0 when only time has passed.
  void step(std::uint32_t events, std::uint64_t now_us);

  // Gives up, and counts a stall, if the server has owed this peer something for kStallUs.
  void watch(std::uint64_t now_us);

  int fd() const { return socket_.fd(); }
  std::uint32_t life() const { return life_; }  // rises with every connection
  std::uint32_t interest(std::uint64_t now_us) const;
  std::uint64_t wake_us(std::uint64_t now_us) const;  // kNever if only the socket matters
  bool done() const { return state_ == State::done; }

  static constexpr std::uint64_t kNever = UINT64_MAX;

 private:
  enum class State : std::uint8_t { waiting, connecting, talking, half_closed, done };
  enum class Fault : std::uint8_t { mismatch, error, stall };

  void connect(std::uint64_t now_us);
  void finish_connect(std::uint64_t now_us);
  void begin_round(const Round& round);
  void play(std::uint32_t events, std::uint64_t now_us);
  void write(std::uint64_t now_us);
  void read(std::uint64_t now_us, std::uint32_t events);
  void accept_bytes(std::size_t count, std::uint64_t now_us);
  void on_end(std::uint64_t now_us);
  std::uint64_t may_read_at_us() const;
  void settle(std::uint64_t now_us);
  void end_by_force(std::uint64_t now_us);
  void come_back(std::uint64_t now_us, std::uint64_t pause_us_min);
  void fail(Fault fault, const std::string& what, std::uint64_t now_us);

  bool connected() const { return state_ == State::talking || state_ == State::half_closed; }
  Tally& tally() { return shared_.report.of(behaviour_); }

  Shared& shared_;
  const std::uint32_t index_;
  Random random_;
  const Behaviour behaviour_;
  State state_ = State::waiting;
  std::uint32_t life_ = 0;
  Socket socket_;
  Round round_;
  std::uint64_t stream_ = 0;          // names this connection's bytes
  std::uint64_t goal_bytes_ = 0;      // to be sent on this connection up to the end of this round
  std::uint64_t sent_bytes_ = 0;      // on this connection
  std::uint64_t received_bytes_ = 0;  // on this connection, all verified
  std::uint64_t connect_at_us_ = 0;
  std::uint64_t write_at_us_ = 0;
  std::uint64_t read_at_us_ = 0;
  std::uint64_t wrote_at_us_ = 0;  // the latest successful write
  std::uint64_t end_at_us_ = kNever;
  std::uint64_t progress_us_ = 0;
};

}  // namespace corering::torture
