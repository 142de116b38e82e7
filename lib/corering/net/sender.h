// Sender: the writing half of a connection.
//
// Everything written during a turn queues up and leaves with one send, gathered if it lies in several chunks. One send is in
// flight at a time, so bytes cannot overtake each other; what a short send leaves goes with the next.
//
// Thread: owning core only. Lifetime: part of its Connection; not destroyed before is_quiet().
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>

#include "corering/net/slice.h"
#include "corering/net/transport.h"
#include "corering/ring/operations.h"

namespace corering::net {

class Connection;

class Sender {
 public:
  Sender(Transport& transport, Connection& connection, ring::FileRef socket) noexcept;
  ~Sender();

  // Queues the slice. Leaves with this turn's enter unless a send is in flight.
  void push(Slice slice) noexcept;

  // Copies the bytes behind what is queued. All or nothing: false if there is no chunk for them.
  bool try_write(base::ByteView bytes);

  // Drops what the kernel does not hold; a send in flight is cancelled.
  void drop();

  std::size_t queued_bytes() const noexcept { return queue_.bytes(); }
  std::size_t queued_chunks() const noexcept { return queue_.count(); }
  bool is_idle() const noexcept { return queue_.empty() && !send_.in_flight(); }
  bool is_quiet() const noexcept { return !send_.in_flight() && !cancel_.in_flight(); }

 private:
  void flush();
  void on_send(ring::IoResult result);
  void on_cancel(ring::IoResult result);
  void flush_soon() noexcept;

  Transport& transport_;
  Connection& connection_;
  const ring::FileRef socket_;
  bool dropped_ = false;
  std::size_t in_flight_bytes_ = 0;
  SliceQueue queue_;  // its first in_flight_bytes_ belong to the kernel while send_ is in flight
  ring::Completion send_ = ring::Completion::to<&Sender::on_send>(this);
  ring::Completion cancel_ = ring::Completion::to<&Sender::on_cancel>(this);
  runtime::Flushable flushable_ = runtime::Flushable::to<&Sender::flush>(this);
  msghdr header_{};
  std::array<iovec, kGatherSlicesMax> pieces_;
};

}  // namespace corering::net
