// Transaction: what a client has said since MULTI, and the keys that it watches.
//
// Queued commands are copied, as the chunks that they came in go home. Nothing is executed, or looked up, before EXEC.
//
// Thread: the client's core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct Command;

// A key, and what it was when WATCH saw it.
struct WatchedKey {
  unsigned database = 0;
  std::string key;
  std::uint64_t version = 0;  // 0: it was not there
};

struct QueuedCall {
  const Command* command = nullptr;
  std::unique_ptr<char[]> bytes;
  std::vector<std::string_view> arguments;  // of bytes
};

class Transaction {
 public:
  enum class State : std::uint8_t {
    none,
    queueing,  // between MULTI and EXEC
    spoiled,   // a command could not be queued: EXEC discards
  };

  State state() const noexcept { return state_; }
  bool is_open() const noexcept { return state_ != State::none; }
  void begin() noexcept { state_ = State::queueing; }
  void spoil() noexcept {
    if (is_open()) state_ = State::spoiled;
  }

  void queue(const Command& command, std::span<const std::string_view> arguments);
  const std::vector<QueuedCall>& calls() const noexcept { return calls_; }
  std::size_t queued_bytes() const noexcept { return queued_bytes_; }

  void watch(unsigned database, std::string_view key, std::uint64_t version);
  bool watches(unsigned database, std::string_view key) const noexcept;
  const std::vector<WatchedKey>& watched() const noexcept { return watched_; }
  void unwatch() noexcept { watched_.clear(); }

  // Everything is forgotten, what is watched too, as after EXEC and DISCARD.
  void end() noexcept;

 private:
  State state_ = State::none;
  std::size_t queued_bytes_ = 0;
  std::vector<QueuedCall> calls_;
  std::vector<WatchedKey> watched_;
};

}  // namespace kv
