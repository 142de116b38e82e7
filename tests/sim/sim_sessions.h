// Handlers that the simulation serves besides the echo server's own: they leave input, write copies, and finish early.
//
// What comes back is still what was sent, so the same peers check it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "corering/mem/object_pool.h"
#include "corering/net/connection.h"
#include "corering/net/session.h"

namespace sim {

// Answers whole blocks only, each with a copy, as a protocol with messages does; what is left over at the end comes back then.
class BlockSession final : public corering::net::Session {
 public:
  explicit BlockSession(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  void on_data(corering::net::Connection& connection) override {
    while (connection.input().bytes() >= block_bytes_) {
      if (!try_answer(connection, block_bytes_)) return;
    }
  }
  void on_end(corering::net::Connection& connection) override {
    ended_ = true;
    answer_rest(connection);
  }
  void on_drain(corering::net::Connection& connection) override {
    if (ended_) answer_rest(connection);
  }

 private:
  void answer_rest(corering::net::Connection& connection) {
    while (!connection.input().empty()) {
      if (!try_answer(connection, std::min(block_bytes_, connection.input().bytes()))) return;
    }
    connection.finish();
  }

  static bool try_answer(corering::net::Connection& connection, std::size_t bytes) {
    std::vector<std::byte> block;
    connection.input().for_each([&](corering::base::ByteView piece) {
      const auto part = piece.first(std::min(piece.size(), bytes - block.size()));
      block.insert(block.end(), part.begin(), part.end());
      return block.size() < bytes;
    });
    if (!connection.try_write(block)) return false;
    connection.input().consume(bytes);
    return true;
  }

  const std::size_t block_bytes_;
  bool ended_ = false;
};

// Answers whatever has come, byte by byte as a writer of replies does: composed where it is sent from, or lent from memory of its own.
class ComposingSession final : public corering::net::Session {
 public:
  explicit ComposingSession(std::size_t piece_bytes_max) : piece_bytes_max_(piece_bytes_max) {}

  void on_data(corering::net::Connection& connection) override { answer(connection); }
  void on_drain(corering::net::Connection& connection) override { answer(connection); }
  void on_end(corering::net::Connection& connection) override {
    ended_ = true;
    answer(connection);
  }

 private:
  void answer(corering::net::Connection& connection) {
    while (!connection.input().empty() && !connection.is_above_high_mark()) {
      const bool answered = ++pieces_ % 3 == 0 ? try_lend(connection) : try_compose(connection);
      if (!answered) return;
    }
    if (ended_ && connection.input().empty()) connection.finish();
  }

  bool try_compose(corering::net::Connection& connection) {
    const std::size_t bytes = std::min(piece_bytes_max_, connection.input().front().size());
    const corering::base::MutableBytes place = connection.try_begin_write(1, bytes);
    if (place.empty()) return false;
    const std::size_t written = std::min(bytes, place.size());
    std::ranges::copy(connection.input().front().first(written), place.begin());
    connection.end_write(written);
    connection.input().consume(written);
    return true;
  }

  // The copy is freed when it is taken back: a send that reads it later is a fault that AddressSanitizer sees.
  static bool try_lend(corering::net::Connection& connection) {
    const corering::base::ByteView front = connection.input().front();
    auto* copy = new std::vector<std::byte>(front.begin(), front.end());
    const corering::net::Lender lender{[](void* owner) noexcept { delete static_cast<std::vector<std::byte>*>(owner); }, copy};
    if (!connection.try_send_lent(*copy, lender)) {
      delete copy;
      return try_again(connection);
    }
    connection.input().consume(front.size());
    return true;
  }

  // Too many are lent: this one is composed.
  static bool try_again(corering::net::Connection& connection) {
    const corering::base::MutableBytes place = connection.try_begin_write(1);
    if (place.empty()) return false;
    place[0] = connection.input().front()[0];
    connection.end_write(1);
    connection.input().consume(1);
    return true;
  }

  const std::size_t piece_bytes_max_;
  std::size_t pieces_ = 0;
  bool ended_ = false;
};

// Has whole blocks received into memory of its own and answers from there.
class LandingSession final : public corering::net::Session {
 public:
  explicit LandingSession(std::size_t block_bytes) : block_(block_bytes) {}

  void on_data(corering::net::Connection& connection) override {
    landing_ = true;
    connection.land(block_);
  }
  void on_landed(corering::net::Connection& connection) override {
    landing_ = false;
    unanswered_ = block_;
    answer(connection);
  }
  void on_end(corering::net::Connection& connection) override {
    ended_ = true;
    if (landing_) unanswered_ = std::span(block_).first(connection.landed_bytes());
    answer(connection);
  }
  void on_drain(corering::net::Connection& connection) override { answer(connection); }

 private:
  void answer(corering::net::Connection& connection) {
    while (!unanswered_.empty()) {
      const auto part = unanswered_.first(std::min(unanswered_.size(), connection.write_bytes_max()));
      if (!connection.try_write(part)) return;
      unanswered_ = unanswered_.subspan(part.size());
    }
    if (ended_) connection.finish();
  }

  std::vector<std::byte> block_;
  std::span<const std::byte> unanswered_;
  bool landing_ = false;
  bool ended_ = false;
};

// Echoes, and says goodbye in the middle of a hook after so many bytes.
class LeavingSession final : public corering::net::Session {
 public:
  explicit LeavingSession(std::size_t bytes) : bytes_left_(bytes) {}

  void on_data(corering::net::Connection& connection) override {
    while (!connection.input().empty()) {
      corering::net::Slice slice = connection.input().pop_front();
      const std::size_t bytes = slice.bytes().size();
      connection.send(std::move(slice));
      if (bytes >= bytes_left_) return connection.finish();
      bytes_left_ -= bytes;
    }
  }

 private:
  std::size_t bytes_left_;
};

template <typename SimSession>
class SimSessions final : public corering::net::SessionFactory {
 public:
  SimSessions(std::size_t argument, std::size_t connections_max) : argument_(argument), pool_({.live_max = connections_max}) {}

  corering::net::Session* try_open(corering::net::Connection&) override { return pool_.try_borrow(argument_); }
  void close(corering::net::Session& session) noexcept override { pool_.give_back(static_cast<SimSession&>(session)); }

 private:
  const std::size_t argument_;
  corering::mem::ObjectPool<SimSession> pool_;
};

}  // namespace sim
