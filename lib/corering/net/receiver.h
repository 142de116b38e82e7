// Receiver: the reading half of a connection.
//
// One multishot receive stays armed; each of its completions brings a chunk, which becomes a slice of the input. Reading stops
// (the receive is cancelled) when the session lags, the peer reads slowly or the connection drains, and starts again when that is
// over. A receive that finds no chunk waits in the transport's starved list; its data stays in the socket.
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

  // Ends the receive; is_quiet turns true once the kernel has let go. Data may still arrive until then. True if there was one to
  // end.
  bool stop();

  // What arrives from now on is counted and thrown away: the session has finished.
  void discard() noexcept;

  bool is_armed() const noexcept { return receive_.in_flight(); }
  bool is_starved() const noexcept { return is_linked(); }
  bool is_quiet() const noexcept { return !receive_.in_flight() && !cancel_.in_flight(); }

  // The peer has sent its last byte, or the connection is broken.
  bool has_ended() const noexcept { return ended_; }

  SliceQueue& input() noexcept { return input_; }

 private:
  void on_receive(ring::IoResult result);
  void accept_chunk(ring::IoResult result);
  void on_cancel(ring::IoResult result);

  Transport& transport_;
  Connection& connection_;
  const ring::FileRef socket_;
  bool ended_ = false;
  bool discarding_ = false;
  bool stopping_ = false;  // a cancel was submitted and the receive has not ended yet
  SliceQueue input_;
  ring::Completion receive_ = ring::Completion::to<&Receiver::on_receive>(this);
  ring::Completion cancel_ = ring::Completion::to<&Receiver::on_cancel>(this);
};

}  // namespace corering::net
