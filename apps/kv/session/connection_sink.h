// ConnectionSink: replies composed in the chunks that they are sent from.
//
// When chunks are short, replies are written into memory of their own, which joins the send queue as it is (counted as spilled); the
// session then executes nothing more until they have left, or there are chunks again. So a client that does not read keeps no chunk that
// others need, but a piece of memory. Large values are lent to the send queue; what would be one too many is copied.
//
// Thread: the connection's core. Lifetime: part of a session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>

#include "corering/net/connection.h"
#include "kv/protocol/reply_sink.h"
#include "kv/server/server.h"

namespace kv {

class ConnectionSink final : public protocol::ReplySink {
 public:
  ConnectionSink(Server& server, corering::net::Connection& connection) noexcept : server_(server), connection_(connection) {}
  ~ConnectionSink() override;

  std::span<char> next_window(std::size_t written, std::size_t bytes_min) override;
  void finish(std::size_t written) override;
  void refer(std::string_view bytes, protocol::Pin pin) override;

  // A value that lies on that core, and is released there.
  void refer_on(unsigned core, std::string_view bytes, protocol::Pin pin);
  // Written replies.
  void copy(std::string_view bytes);

  // How many bytes the replies to come will have, about: small ones need no large chunk.
  void expect(std::size_t bytes) noexcept { bytes_expected_ = bytes; }

  // What becomes of replies: discard: nothing (CLIENT REPLY OFF); copy_references: large values are copied (pins of borrowed keyspaces
  // could not be released later).
  enum class Treatment : std::uint8_t { send, copy_references, discard };
  void treat(Treatment treatment) noexcept { treatment_ = treatment; }
  Treatment treatment() const noexcept { return treatment_; }

  // Queues what could not be queued; true if nothing is left over. Call it when there is room again.
  bool try_unload();
  bool is_loaded() const noexcept { return !waiting_.empty(); }

  // Replies that have not left.
  std::size_t bytes() const noexcept { return connection_.queued_bytes() + waiting_bytes_; }

 private:
  struct Piece {
    std::string_view bytes;
    protocol::Pin pin;
  };

  static constexpr std::size_t kSpillBytes = std::size_t{16} << 10;

  void queue(Piece piece);
  bool try_send(Piece& piece);

  Server& server_;
  corering::net::Connection& connection_;
  std::size_t bytes_expected_ = 0;
  Treatment treatment_ = Treatment::send;
  std::unique_ptr<char[]> spill_;  // the window, if it is no chunk
  std::deque<Piece> waiting_;      // too many are lent, and there is no chunk
  std::size_t waiting_bytes_ = 0;
};

}  // namespace kv
