// What one client does next: the behaviours of the crowd, as data.
//
// A peer knows how to play a round and nothing of behaviours; a behaviour is only a way to choose rounds. A new kind of
// nasty client is a new line in next_round().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "torture/random.h"

namespace corering::torture {

enum class Behaviour : std::uint8_t {
  ordinary,     // one message, its echo, the next message; sometimes leaves politely and comes back
  pipelining,   // several messages before it reads
  slow_reader,  // sends up to megabytes and reads tiny pieces with pauses, often through a tiny window
  half_closer,  // sends, shuts its sending side, must get everything and then the end
  resetter,     // resets the connection at a random moment, mostly with data in both directions
  vanisher,     // connects and is gone, sometimes before the connection is established
  trickler,     // one byte at a time
};

constexpr std::array<std::string_view, 7> kBehaviourNames = {
    "ordinary", "pipelining", "slow_reader", "half_closer", "resetter", "vanisher", "trickler",
};

constexpr std::size_t kBehaviourCount = kBehaviourNames.size();

enum class Reading : std::uint8_t {
  at_once,
  after_writing,  // or when writing has stood still for a moment
};

enum class Ending : std::uint8_t {
  next_round,  // when the echo is complete
  half_close,  // shut the sending side once all is sent, read to the end, then come back
  reset,       // at `ends_after_us`, whatever is in flight
  vanish,      // at `ends_after_us`, by a plain close
};

struct Round {
  std::uint64_t send_bytes = 0;
  std::uint64_t write_bytes_max = 0;  // each write is 1 .. this
  std::uint64_t read_bytes_max = 0;   // each read asks for 1 .. this
  std::uint64_t write_pause_us_max = 0;
  std::uint64_t read_pause_us_max = 0;
  std::uint64_t ends_after_us = 0;
  int socket_buffer_bytes = 0;  // of a connection's first round; 0 leaves the choice to the kernel
  Reading reading = Reading::at_once;
  Ending ending = Ending::next_round;
};

// Every behaviour is dealt once before any is dealt twice; after that by weight.
Behaviour deal_behaviour(std::uint32_t connection_index, Random& random);

Round next_round(Behaviour behaviour, std::uint64_t message_bytes_max, Random& random);

}  // namespace corering::torture
