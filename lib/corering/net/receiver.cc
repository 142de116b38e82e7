#include "corering/net/receiver.h"

#include <cerrno>

#include "corering/net/connection.h"

namespace corering::net {

Receiver::Receiver(Transport& transport, Connection& connection, ring::FileRef socket) noexcept
    : transport_(transport), connection_(connection), socket_(socket) {}

Receiver::~Receiver() { transport_.forget(*this); }

void Receiver::arm() {
  // While a cancel is on its way a new receive could not be cancelled in its turn; on_cancel leads here again.
  if (is_armed() || is_starved() || ended_ || cancel_.in_flight()) return;
  ring::prepare_receive_multishot(transport_.ring().require_sqe(receive_), socket_, transport_.core().receive_buffers().group(),
                                  ring::ReceiveStart::at_once);
}

bool Receiver::stop() {
  transport_.forget(*this);
  // The cancel's own completion may come before the receive's: whether one was submitted is remembered apart.
  if (!is_armed() || stopping_) return false;
  stopping_ = true;
  ring::prepare_cancel(transport_.ring().require_sqe(cancel_), receive_);
  return true;
}

void Receiver::discard() noexcept {
  discarding_ = true;
  transport_.counters().discarded_bytes.add(input_.bytes());
  input_.clear();
}

void Receiver::on_receive(ring::IoResult result) {
  const bool was_stopping = stopping_;
  if (!is_armed()) stopping_ = false;
  if (result.has_buffer()) accept_chunk(result);
  if (result.value == 0) {
    ended_ = true;
  } else if (result.value == -ENOBUFS) {
    transport_.core().receive_buffers().on_exhausted();
    // Being cancelled and being starved may come together: then nobody wants the data any more.
    if (!was_stopping) transport_.starve(*this);
  } else if (result.value != -ECANCELED && result.failed()) {
    ended_ = true;
    connection_.on_peer_failed();
    return;
  }
  connection_.on_received();
}

void Receiver::accept_chunk(ring::IoResult result) {
  mem::Chunk chunk = transport_.core().receive_buffers().take(result.buffer_id());
  // A completion may name a buffer and still carry no data (end of stream, error): the chunk goes home.
  if (result.value <= 0) return;
  const auto bytes = static_cast<std::size_t>(result.value);
  transport_.counters().receives.add();
  transport_.counters().received_bytes.add(bytes);
  if (discarding_) {
    transport_.counters().discarded_bytes.add(bytes);
    return;
  }
  const base::ByteView view = chunk.bytes().first(bytes);
  input_.push_back(transport_.slices().make(std::move(chunk), view));
}

// The receive's own completion says how it ended; this one only says that the kernel has let go of the cancel.
void Receiver::on_cancel(ring::IoResult) { connection_.on_received(); }

}  // namespace corering::net
