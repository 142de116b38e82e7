// Limits: every bound of the net room, in one place. All are per core.
#pragma once

#include <cstddef>
#include <cstdint>

#include "corering/base/clock.h"
#include "corering/net/zero_copy.h"

namespace corering::net {

struct Limits {
  // Connections at once. At the limit accepting pauses: clients wait in the backlog and are not turned away.
  std::size_t connections_max = 10'000;

  // A connection whose peer reads slowly stops being read above `high` queued bytes and is read again below `low`.
  std::size_t send_queue_bytes_high = std::size_t{1} << 20;
  std::size_t send_queue_bytes_low = std::size_t{1} << 18;

  // The same by chunks: a chunk is held in full however few of its bytes wait, so many small messages fill the pool before they
  // fill the mark above.
  std::size_t send_queue_chunks_high = 64;
  std::size_t send_queue_chunks_low = 16;

  // And no connection queues more than this part of the chunks that are free, but one chunk: the more the pool is used, the less may
  // whoever does not read take of the rest, so that a few of them never have it to themselves. (Dynamic thresholds, as switches share
  // their packet memory; Choudhury and Hahne 1998.)
  std::size_t send_queue_free_divisor = 16;

  // Slices of bytes that sessions lend (Connection::try_send_lent), of all connections together. Whoever has nothing queued may lend one
  // beyond it.
  std::size_t lent_slices_max = 16'384;

  // What is sent without copying.
  SendPolicy send_policy;

  // Received chunks that a session has not taken yet, before reading stops. Small pieces are put together first, so that an
  // incomplete message of (input_chunks_max - 2) x chunk bytes always fits, however it was cut.
  std::size_t input_chunks_max = 32;

  // A connection without a byte in either direction for this long is closed; zero: never.
  base::Duration idle_timeout = base::Duration::zero();

  // How long a connection that we have finished waits for the peer's end, so that our last bytes are not lost to a reset.
  base::Duration linger_timeout = std::chrono::seconds(1);

  // Pause after an accept that failed for want of descriptors or memory.
  base::Duration accept_backoff = std::chrono::milliseconds(100);
};

// Slices gathered into one send.
inline constexpr std::size_t kGatherSlicesMax = 16;

}  // namespace corering::net
