#include "torture/round.h"

#include <algorithm>

namespace corering::torture {
namespace {

constexpr std::uint64_t kWriteBytesMax = 256 * 1024;
constexpr std::uint64_t kReadBytesMax = 64 * 1024;

// The largest piece in which so many bytes are moved. Mostly a message is cut into at most a few hundred pieces, or the
// crowd would spend its time on system calls; now and then it is cut as finely as may be.
std::uint64_t piece_bytes_max(std::uint64_t bytes, std::uint64_t highest, Random& random) {
  const std::uint64_t lowest = random.one_in(64) ? 64 : std::min(std::max<std::uint64_t>(bytes / 64, 64), highest);
  return std::max(lowest, random.log_uniform(highest));
}

Round ordinary(std::uint64_t message_bytes_max, Random& random) {
  const std::uint64_t send_bytes = random.log_uniform(message_bytes_max);
  return {
      .send_bytes = send_bytes,
      .write_bytes_max = piece_bytes_max(send_bytes, kWriteBytesMax, random),
      .read_bytes_max = piece_bytes_max(send_bytes, kReadBytesMax, random),
      .ending = random.one_in(64) ? Ending::half_close : Ending::next_round,
  };
}

Round pipelining(std::uint64_t message_bytes_max, Random& random) {
  Round round = ordinary(message_bytes_max, random);
  for (std::uint64_t more = random.uniform(1, 15); more > 0; --more) {
    round.send_bytes += random.log_uniform(message_bytes_max);
  }
  round.write_bytes_max = piece_bytes_max(round.send_bytes, kWriteBytesMax, random);
  round.read_bytes_max = piece_bytes_max(round.send_bytes, kReadBytesMax, random);
  round.reading = Reading::after_writing;
  return round;
}

Round slow_reader(std::uint64_t message_bytes_max, Random& random) {
  return {
      .send_bytes = random.uniform(message_bytes_max / 4 + 1, message_bytes_max * 2),
      .write_bytes_max = kWriteBytesMax,
      .read_bytes_max = 511 + random.log_uniform(16 * 1024),
      .read_pause_us_max = random.uniform(100, 5'000),
      .socket_buffer_bytes = random.one_in(2) ? static_cast<int>(random.uniform(2 * 1024, 64 * 1024)) : 0,
  };
}

Round half_closer(std::uint64_t message_bytes_max, Random& random) {
  Round round = ordinary(message_bytes_max, random);
  if (random.one_in(20)) round.send_bytes = 0;
  if (random.one_in(5)) {  // more than the kernel's buffers hold: the end reaches the server before its replies have left
    round.send_bytes += random.uniform(2, 8) * message_bytes_max;
    round.write_bytes_max = kWriteBytesMax;
    round.read_bytes_max = kReadBytesMax;
    round.socket_buffer_bytes = 16 * 1024;
    round.reading = Reading::after_writing;
  }
  round.ending = Ending::half_close;
  return round;
}

Round resetter(std::uint64_t message_bytes_max, Random& random) {
  Round round = ordinary(message_bytes_max, random);
  round.send_bytes += random.log_uniform(message_bytes_max);
  round.reading = random.one_in(2) ? Reading::at_once : Reading::after_writing;
  round.ending = Ending::reset;
  round.ends_after_us = random.one_in(4) ? random.log_uniform(300'000) : random.uniform(0, 300'000);
  return round;
}

Round vanisher(Random& random) {
  return {
      .send_bytes = random.one_in(2) ? 0 : random.uniform(1, 64),
      .write_bytes_max = 64,
      .read_bytes_max = 64,
      .ends_after_us = random.one_in(3) ? 0 : random.log_uniform(50'000),
      .reading = random.one_in(2) ? Reading::at_once : Reading::after_writing,
      .ending = random.one_in(3) ? Ending::reset : Ending::vanish,
  };
}

Round trickler(Random& random) {
  return {
      .send_bytes = random.uniform(1, 100),
      .write_bytes_max = 1,
      .read_bytes_max = 16,
      .write_pause_us_max = random.uniform(1, 10'000),
  };
}

}  // namespace

Behaviour deal_behaviour(std::uint32_t connection_index, Random& random) {
  if (connection_index < kBehaviourCount) return static_cast<Behaviour>(connection_index);
  constexpr std::array<std::uint64_t, kBehaviourCount> kWeights = {8, 3, 2, 2, 2, 1, 2};
  std::uint64_t ticket = random.uniform(1, 20);
  for (std::size_t kind = 0; kind < kBehaviourCount; ++kind) {
    if (ticket <= kWeights[kind]) return static_cast<Behaviour>(kind);
    ticket -= kWeights[kind];
  }
  return Behaviour::ordinary;
}

Round next_round(Behaviour behaviour, std::uint64_t message_bytes_max, Random& random) {
  switch (behaviour) {
    case Behaviour::ordinary: return ordinary(message_bytes_max, random);
    case Behaviour::pipelining: return pipelining(message_bytes_max, random);
    case Behaviour::slow_reader: return slow_reader(message_bytes_max, random);
    case Behaviour::half_closer: return half_closer(message_bytes_max, random);
    case Behaviour::resetter: return resetter(message_bytes_max, random);
    case Behaviour::vanisher: return vanisher(random);
    case Behaviour::trickler: return trickler(random);
  }
  return {};
}

}  // namespace corering::torture
