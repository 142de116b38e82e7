// Sender: the writing half of a connection.
//
// Everything written during a turn queues up and leaves with one send, gathered if it lies in several chunks. One send awaits its
// result at a time, so bytes cannot overtake each other; what a short send leaves goes with the next. A large send goes without a
// copy where that pays (zero_copy.h): its chunks stay with a ZeroCopySend until the kernel's notification, which no later send
// waits for.
//
// Thread: owning core only. Lifetime: part of its Connection; not destroyed before is_quiet().
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>

#include "corering/net/slice.h"
#include "corering/net/transport.h"
#include "corering/net/zero_copy.h"
#include "corering/net/zero_copy_send.h"
#include "corering/ring/operations.h"

namespace corering::net {

class Connection;

// What a writer with nothing queued is given when chunks are short.
enum class WhenShort : std::uint8_t { use_reserve, refuse };

class Sender {
 public:
  // `listener_trial` outlives the sender.
  Sender(Transport& transport, Connection& connection, ring::FileRef socket, ZeroCopyTrial& listener_trial) noexcept;
  ~Sender();

  // Queues the slice. Leaves with this turn's enter unless a send is in flight.
  void push(Slice slice) noexcept;

  // Copies the bytes behind what is queued. All or nothing: false if there is no chunk for them.
  bool try_write(base::ByteView bytes);

  // The place behind what is queued, at least bytes_min long: write there, then end_write with how much it is. Empty if there is no
  // chunk for it. Chooses a small chunk if bytes_wanted fit into one. Requires: bytes_min fits into a chunk; no other call in between.
  base::MutableBytes try_begin_write(std::size_t bytes_min, std::size_t bytes_wanted, WhenShort when_short);
  void end_write(std::size_t bytes) noexcept;

  // Drops what the kernel does not hold; a send in flight is cancelled.
  void drop();

  std::size_t queued_bytes() const noexcept { return queue_.bytes(); }
  std::size_t queued_chunks() const noexcept { return queue_.count() + (unreleased_ != nullptr ? unreleased_->held_chunks() : 0); }
  bool is_idle() const noexcept { return queue_.empty() && !is_sending(); }

  // No operation is in flight. The kernel may still hold memory of zero-copy sends; that outlives the sender.
  bool is_quiet() const noexcept { return !is_sending() && !cancel_.in_flight(); }
  bool holds_memory() const noexcept { return unreleased_ != nullptr && !unreleased_->empty(); }

  ZeroCopyTrial& trial() noexcept { return trial_; }

 private:
  friend class ReleaseQueue;

  void flush();
  std::size_t gather() noexcept;
  bool zero_copy_suits();
  bool is_worth_a_trial();
  bool try_send_zero_copy(std::size_t pieces);
  void prepare_zero_copy(ring::Sqe& sqe, base::ByteView bytes);
  void on_send(ring::IoResult result);
  void on_zero_copy_result(ZeroCopySend& send, ring::IoResult result);
  void on_released();
  void on_cancel(ring::IoResult result);
  void take_result(std::int32_t value, ZeroCopySend* holder);
  void consume(std::size_t bytes, ZeroCopySend* holder) noexcept;
  void retire(Slice slice, ZeroCopySend* holder) noexcept;
  void discard_queue() noexcept;
  void flush_soon() noexcept;
  bool is_sending() const noexcept { return send_.in_flight() || awaiting_ != nullptr; }

  Transport& transport_;
  Connection& connection_;
  const ring::FileRef socket_;
  bool dropped_ = false;
  bool was_asked_ = false;        // whether the peer is local
  bool plain_next_ = false;       // a zero-copy send was refused
  bool front_is_shared_ = false;  // the kernel may still read the part of the first slice that was sent
  std::size_t in_flight_bytes_ = 0;
  mem::Chunk writing_;  // between begin_write and end_write, unless the last slice's chunk has the room
  SliceQueue queue_;    // its first in_flight_bytes_ belong to the kernel while is_sending()
  ring::Completion send_ = ring::Completion::to<&Sender::on_send>(this);
  ring::Completion cancel_ = ring::Completion::to<&Sender::on_cancel>(this);
  ZeroCopySend* awaiting_ = nullptr;    // the zero-copy send whose result is outstanding
  ReleaseQueue* unreleased_ = nullptr;  // borrowed with the first zero-copy send
  ZeroCopyTrial trial_;
  ZeroCopyTrial& listener_trial_;
  runtime::Flushable flushable_ = runtime::Flushable::to<&Sender::flush>(this);
  msghdr header_{};
  std::array<iovec, kGatherSlicesMax> pieces_;
};

}  // namespace corering::net
