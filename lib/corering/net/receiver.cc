#include "corering/net/receiver.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "corering/base/tracepoint.h"
#include "corering/net/connection.h"

namespace corering::net {

Receiver::Receiver(Transport& transport, Connection& connection, ring::FileRef socket) noexcept
    : transport_(transport), connection_(connection), socket_(socket) {}

Receiver::~Receiver() { transport_.forget(*this); }

ring::Sqe& Receiver::begin(Stage stage) {
  stage_ = stage;
  return transport_.ring().require_sqe(receive_);
}

void Receiver::arm() {
  // While a cancel is on its way a new receive could not be cancelled in its turn; on_cancel leads here again.
  if (is_armed() || is_starved() || ended_ || cancel_.in_flight()) return;
  const ring::BufferRing& window = transport_.core().receive_buffers();
  if (is_landing()) {
    arm_landing();
  } else if (window.in_window() > 0) {
    ring::prepare_receive_multishot(begin(Stage::window), socket_, window.group());
  } else {
    // An empty window answers ENOBUFS to idle connections too: only those that have data shall queue for chunks.
    ring::prepare_poll(begin(Stage::data), socket_, POLLIN | POLLRDHUP);
  }
}

// One completion for all of it, unless somebody has to see that bytes are coming.
void Receiver::arm_landing() {
  ring::Sqe& sqe = begin(Stage::landing);
  if (transport_.limits().idle_timeout == base::Duration::zero()) {
    ring::prepare_receive_all(sqe, socket_, landing_);
  } else {
    ring::prepare_receive(sqe, socket_, landing_);
  }
}

void Receiver::land(base::MutableBytes into) {
  landing_ = into;
  landed_bytes_ = 0;
  if (!absorb_input()) stop();
}

bool Receiver::absorb_input() {
  while (is_landing() && !input_.empty()) {
    const base::ByteView front = input_.front();
    const std::size_t bytes = std::min(front.size(), landing_.size());
    std::memcpy(landing_.data(), front.data(), bytes);
    transport_.counters().copied_bytes.add(bytes);
    input_.consume(bytes);
    advance_landing(bytes);
  }
  return !is_landing();
}

void Receiver::advance_landing(std::size_t bytes) noexcept {
  landing_ = landing_.subspan(bytes);
  landed_bytes_ += bytes;
}

void Receiver::await_room() { ring::prepare_poll(begin(Stage::room), socket_, POLLOUT); }

void Receiver::receive_once(mem::Chunk chunk) {
  reserved_ = std::move(chunk);
  ring::prepare_receive_at_once(begin(Stage::reserve), socket_, reserved_.bytes());
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
  stop_landing();
  transport_.counters().discarded_bytes.add(input_.bytes());
  input_.clear();
}

void Receiver::on_completion(ring::IoResult result) {
  const bool was_stopping = stopping_;
  if (!is_armed()) stopping_ = false;
  if (stage_ == Stage::data || stage_ == Stage::room) {
    on_ready(result, was_stopping);
  } else {
    on_receive(result, was_stopping);
  }
}

// A broken socket counts as ready: the receive will tell.
void Receiver::on_ready(ring::IoResult result, bool was_stopping) {
  if (was_stopping || result.value == -ECANCELED) {
    connection_.on_received();
  } else if (stage_ == Stage::data) {
    transport_.starve(*this);
  } else {
    transport_.feed_reserved(*this);
  }
}

void Receiver::on_receive(ring::IoResult result, bool was_stopping) {
  if (stage_ == Stage::landing) {
    accept_landed(result.value);
  } else if (stage_ == Stage::reserve) {
    accept(std::exchange(reserved_, {}), result.value);
  } else if (result.has_buffer()) {
    accept(transport_.core().receive_buffers().take(result.buffer_id()), result.value);
  }
  if (result.value == 0) {
    ended_ = true;
  } else if (result.value == -ENOBUFS) {
    transport_.core().receive_buffers().on_exhausted();
    // Being cancelled and being starved may come together: then nobody wants the data any more.
    if (!was_stopping) transport_.starve(*this);
  } else if (result.failed() && result.value != -ECANCELED && result.value != -EAGAIN) {
    ended_ = true;
    connection_.on_peer_failed();
    return;
  }
  connection_.on_received();
}

void Receiver::accept(mem::Chunk chunk, std::int32_t value) {
  // A completion may come with a chunk and still carry no data (end of stream, error): the chunk goes home.
  if (value <= 0) return;
  const auto bytes = static_cast<std::size_t>(value);
  transport_.counters().receives.add();
  transport_.counters().received_bytes.add(bytes);
  CORERING_TRACE(receive, transport_.core().id().value, &connection_, bytes);
  if (discarding_) {
    transport_.counters().discarded_bytes.add(bytes);
    return;
  }
  const base::ByteView view = chunk.bytes().first(bytes);
  input_.push_back(transport_.slices().make(std::move(chunk), view));
}

// A landing that was given up meanwhile: the bytes went to memory that nobody reads.
void Receiver::accept_landed(std::int32_t value) {
  if (value <= 0) return;
  const auto bytes = static_cast<std::size_t>(value);
  transport_.counters().receives.add();
  transport_.counters().received_bytes.add(bytes);
  CORERING_TRACE(receive, transport_.core().id().value, &connection_, bytes);
  if (discarding_ || !is_landing()) {
    transport_.counters().discarded_bytes.add(bytes);
    return;
  }
  transport_.counters().landed_bytes.add(bytes);
  advance_landing(bytes);
}

// The receive's own completion says how it ended; this one only says that the kernel has let go of the cancel.
void Receiver::on_cancel(ring::IoResult) { connection_.on_received(); }

}  // namespace corering::net
