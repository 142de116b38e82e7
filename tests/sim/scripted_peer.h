// A client of the simulated echo server: sends bytes made from its seed, checks every byte that comes back, in one of several
// manners.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "corering/testing/random.h"
#include "corering/testing/simulated_network.h"

namespace sim {

// stalling: reads nothing until wake(), so that what was sent to it without a copy stays the kernel's.
enum class Manner : std::uint8_t { ordinary, slow_reader, stalling, resetting, vanishing };

class ScriptedPeer {
 public:
  ScriptedPeer(corering::testing::Peer peer, Manner manner, std::uint64_t seed, std::size_t bytes);

  // Does one thing if it can; false if it cannot do anything now.
  bool act(corering::testing::Random& random);

  bool is_stalled() const noexcept { return manner_ == Manner::stalling && !awake_ && !done_; }
  void wake() noexcept { awake_ = true; }

  bool is_done() const noexcept { return done_; }
  Manner manner() const noexcept { return manner_; }
  std::size_t verified_bytes() const noexcept { return read_; }
  const corering::testing::Peer& peer() const noexcept { return peer_; }

  // What was wrong with the bytes or the end; empty if nothing.
  const std::string& failure() const noexcept { return failure_; }

 private:
  bool write_some(corering::testing::Random& random);
  bool read_some(corering::testing::Random& random);
  std::byte byte_at(std::size_t offset) const noexcept;

  corering::testing::Peer peer_;
  const Manner manner_;
  const std::uint64_t seed_;
  const std::size_t total_;     // bytes that it would like to send
  const std::size_t break_at_;  // resetting: after so many read or written bytes
  std::size_t written_ = 0;
  std::size_t read_ = 0;
  bool awake_ = false;  // stalling: the minute is over
  bool done_ = false;
  std::string failure_;
};

}  // namespace sim
