#include "scripted_peer.h"

#include <algorithm>
#include <array>

namespace sim {

using corering::testing::Random;

ScriptedPeer::ScriptedPeer(corering::testing::Peer peer, Manner manner, std::uint64_t seed, std::size_t bytes)
    : peer_(std::move(peer)), manner_(manner), seed_(seed), total_(manner == Manner::vanishing ? 0 : bytes), break_at_(bytes / 2) {}

bool ScriptedPeer::act(Random& random) {
  if (done_) return false;
  if (manner_ == Manner::resetting && written_ + read_ >= break_at_) {
    peer_.reset();
    done_ = true;
    return true;
  }
  if (is_stalled()) return write_some(random);
  // A slow reader reads when there is nothing else to do, and then little.
  const bool reads_first = manner_ == Manner::slow_reader ? random.chance(50) : random.chance(500);
  if (reads_first) return read_some(random) || write_some(random);
  return write_some(random) || read_some(random);
}

bool ScriptedPeer::write_some(Random& random) {
  if (!peer_.can_write()) return false;
  if (written_ == total_) {
    peer_.finish_writing();
    return true;
  }
  std::array<std::byte, 2048> piece;
  const std::size_t count = random.between(1, std::min(piece.size(), total_ - written_));
  for (std::size_t index = 0; index < count; ++index) piece[index] = byte_at(written_ + index);
  const std::size_t taken = peer_.write(std::span(piece).first(count));
  written_ += taken;
  return taken != 0;
}

bool ScriptedPeer::read_some(Random& random) {
  std::array<std::byte, 2048> piece;
  const std::size_t limit = manner_ == Manner::slow_reader ? random.between(1, 64) : random.between(1, piece.size());
  const std::size_t count = peer_.read(std::span(piece).first(limit));
  for (std::size_t index = 0; index < count; ++index) {
    if (piece[index] == byte_at(read_ + index)) continue;
    failure_ = "byte " + std::to_string(read_ + index) + " came back wrong";
    done_ = true;
    return true;
  }
  read_ += count;
  if (count != 0) return true;
  if (!peer_.is_at_end() && !peer_.was_reset()) return false;
  // The server has ended its side; so does a well-behaved client.
  if (peer_.can_write()) peer_.finish_writing();
  done_ = true;
  return true;
}

// A byte of a stream that only this peer sends: cheap, and different at every offset.
std::byte ScriptedPeer::byte_at(std::size_t offset) const noexcept {
  std::uint64_t mixed = (seed_ + offset / 8) * 0x9e3779b97f4a7c15ULL;
  mixed ^= mixed >> 29;
  return static_cast<std::byte>(mixed >> (offset % 8 * 8));
}

}  // namespace sim
