// Receiver: the reading half of a connection.
//
// One multishot receive stays armed; each of its completions brings a chunk, which becomes a slice of the input. Reading stops
// (the receive is cancelled) when the session lags, the peer reads slowly or the connection drains, and starts again when that is
// over. A receive that finds no chunk waits in the transport's starved list; its data stays in the socket. When chunks are so
// scarce that only the reserve is left, it waits for data, then until its socket takes replies, and then receives once, into a chunk
// of its own.
//
// A landing read goes past all this: the bytes are received where they are to stay, in memory of the session.
//
// Thread: owning core only. Lifetime: part of its Connection; not destroyed before is_quiet().
#pragma once

#include "corering/base/intrusive.h"
#include "corering/net/slice.h"
#include "corering/net/transport.h"
#include "corering/ring/operations.h"

namespace corering::net {

class Connection;

class Receiver : public base::ListHook<StarvedTag> {
 public:
  Receiver(Transport& transport, Connection& connection, ring::FileRef socket) noexcept;
  ~Receiver();

  // Starts the receive unless it is armed, starved or ended.
  void arm();

  // The next bytes go to `into`: first those that lie in the input, copied, then by receives of their own. The multishot receive, if
  // armed, is ended. Requires: no other landing; `into` stays until it is full, the stream has ended or the receiver is quiet.
  void land(base::MutableBytes into);
  bool is_landing() const noexcept { return !landing_.empty(); }
  std::size_t landed_bytes() const noexcept { return landed_bytes_; }  // of this landing, or the last

  // Copies from the input; true when the landing is complete. Requires: is_landing().
  bool absorb_input();

  // Gives the landing up.
  void stop_landing() noexcept { landing_ = {}; }

  // For the transport, of a receiver that it has taken out of its lists. Requires: !is_armed().
  void await_room();
  void receive_once(mem::Chunk chunk);

  // Ends the receive; is_quiet turns true once the kernel has let go. Data may still arrive until then. True if there was one to
  // end.
  bool stop();

  // What arrives from now on is counted and thrown away: the session has finished.
  void discard() noexcept;

  bool is_armed() const noexcept { return receive_.in_flight(); }
  bool is_starved() const noexcept { return is_linked(); }
  bool has_room() const noexcept { return stage_ == Stage::room && !is_armed(); }  // its socket takes replies
  bool is_quiet() const noexcept { return !receive_.in_flight() && !cancel_.in_flight(); }

  // The peer has sent its last byte, or the connection is broken.
  bool has_ended() const noexcept { return ended_; }

  SliceQueue& input() noexcept { return input_; }

 private:
  // What receive_ is in flight for.
  enum class Stage : std::uint8_t { window, data, room, reserve, landing };

  void on_completion(ring::IoResult result);
  void on_ready(ring::IoResult result, bool was_stopping);
  void on_receive(ring::IoResult result, bool was_stopping);
  void accept(mem::Chunk chunk, std::int32_t value);
  void accept_landed(std::int32_t value);
  void arm_landing();
  void advance_landing(std::size_t bytes) noexcept;
  ring::Sqe& begin(Stage stage);
  void on_cancel(ring::IoResult result);

  Transport& transport_;
  Connection& connection_;
  const ring::FileRef socket_;
  Stage stage_ = Stage::window;
  bool ended_ = false;
  bool discarding_ = false;
  bool stopping_ = false;  // a cancel was submitted and the receive has not ended yet
  SliceQueue input_;
  base::MutableBytes landing_;  // what is still to be filled
  std::size_t landed_bytes_ = 0;
  mem::Chunk reserved_;  // lent to the kernel in Stage::reserve
  ring::Completion receive_ = ring::Completion::to<&Receiver::on_completion>(this);
  ring::Completion cancel_ = ring::Completion::to<&Receiver::on_cancel>(this);
};

}  // namespace corering::net
