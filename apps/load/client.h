// Client: one connection to the server under load, and the requests that wait for their replies on it.
//
//   closed -> connecting -> open -> closing -> closed
//
// The kernel holds pointers into a client while anything is in flight, so a new connection begins only when the old one's last
// completion has come.
// Thread: owning core only. Lifetime: outlived by its Generator.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <vector>

#include "corering/ring/operations.h"
#include "corering/runtime/core.h"
#include "load/measures.h"
#include "load/protocol.h"

namespace load {

class Generator;

class Client {
 public:
  Client(Generator& generator, corering::runtime::Core& core, const Options& options, const Dataset& dataset);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Requires: is_closed().
  void connect();

  bool is_open() const noexcept { return state_ == State::open; }
  bool is_closed() const noexcept { return state_ == State::closed; }
  bool has_room() const noexcept { return is_open() && !is_retiring() && outstanding_ < waiting_.size(); }
  std::size_t outstanding() const noexcept { return outstanding_; }

  // Sends the request with all others of this turn. Requires: has_room().
  void issue(const Request& request);

  // All requests that it was made for are answered: it closes to be opened again.
  bool is_retiring() const noexcept { return lifetime_ != 0 && issued_ >= lifetime_; }

  // Gives the connection up if its oldest request was sent before `limit`. True if it did.
  bool give_up_before(corering::base::Instant limit);

  // Closes; requests without a reply count as lost.
  void close();

  // Where the generator keeps it among those with room.
  std::size_t place = 0;

 private:
  enum class State : std::uint8_t { closed, connecting, open, closing };

  void arm();
  void flush();
  void rearm();
  void send_rest();
  void begin_closing();
  void close_if_quiet();
  void take_replies(corering::base::ByteView bytes);
  void on_connected(corering::ring::IoResult result);
  void on_received(corering::ring::IoResult result);
  void on_sent(corering::ring::IoResult result);
  void on_cancelled(corering::ring::IoResult) { close_if_quiet(); }

  Generator& generator_;
  corering::runtime::Core& core_;
  const Options& options_;
  const Dataset& dataset_;
  ReplyReader reader_;
  State state_ = State::closed;
  corering::ring::FileRef socket_;
  corering::base::Instant connect_begin_;
  const std::uint64_t lifetime_;  // requests; 0: no end
  std::uint64_t issued_ = 0;      // on this connection
  std::vector<Request> waiting_;  // a ring of `pipeline` places
  std::size_t oldest_ = 0;
  std::size_t outstanding_ = 0;
  OutBuffer queued_;      // for the next send
  OutBuffer leaving_;     // lent to the kernel
  std::size_t left_ = 0;  // of leaving_, taken by the kernel
  corering::runtime::Flushable flush_ = corering::runtime::Flushable::to<&Client::flush>(this);
  corering::runtime::Flushable rearm_ = corering::runtime::Flushable::to<&Client::rearm>(this);
  corering::ring::Completion connect_ = corering::ring::Completion::to<&Client::on_connected>(this);
  corering::ring::Completion receive_ = corering::ring::Completion::to<&Client::on_received>(this);
  corering::ring::Completion send_ = corering::ring::Completion::to<&Client::on_sent>(this);
  corering::ring::Completion cancel_ = corering::ring::Completion::to<&Client::on_cancelled>(this);
};

}  // namespace load
