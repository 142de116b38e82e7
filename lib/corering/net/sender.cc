#include "corering/net/sender.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "corering/base/tracepoint.h"
#include "corering/net/connection.h"

namespace corering::net {

namespace {

// The socket cannot send without copying, or the kernel has no memory to keep account of it: the bytes go the plain way.
bool refuses_zero_copy(std::int32_t value) {
  return value == -EOPNOTSUPP || value == -ENOMEM || value == -ENOBUFS || value == -EINVAL;
}

}  // namespace

Sender::Sender(Transport& transport, Connection& connection, ring::FileRef socket, ZeroCopyTrial& listener_trial) noexcept
    : transport_(transport), connection_(connection), socket_(socket), listener_trial_(listener_trial) {}

Sender::~Sender() {
  transport_.core().flush_list().remove(flushable_);
  if (unreleased_ != nullptr) unreleased_->leave_alone();
}

void Sender::push(Slice slice) noexcept {
  if (dropped_ || slice.bytes().empty()) return;
  queue_.push_back(std::move(slice));
  flush_soon();
}

bool Sender::try_write(base::ByteView bytes) {
  if (dropped_ || bytes.empty()) return true;
  // A reply alone in the queue mostly leaves alone: a small one need not hold a large chunk. Further ones share a large one.
  mem::Chunk first = queue_.empty() ? transport_.core().try_borrow_small(bytes.size()) : mem::Chunk();
  mem::ChunkPool& chunks = transport_.core().chunks();
  const std::size_t room = queue_.room_in_last();
  const std::size_t beyond = bytes.size() > room ? bytes.size() - room : 0;
  // The last chunks are for replies that leave; here earlier ones still wait for the peer.
  if (beyond > 0 && !first && !is_idle() && transport_.core().receive_buffers().is_short()) return false;
  if (!first && chunks.free_count() < (beyond + chunks.chunk_bytes() - 1) / chunks.chunk_bytes()) return false;
  transport_.counters().copied_bytes.add(bytes.size());
  bytes = bytes.subspan(queue_.append_to_last(bytes));
  while (!bytes.empty()) {
    mem::Chunk chunk = first ? std::exchange(first, {}) : chunks.try_borrow();
    CORERING_ASSERT(chunk, "free chunks were counted and are not there");
    const base::ByteView empty = chunk.bytes().first(0);
    queue_.push_back(transport_.slices().make(std::move(chunk), empty));
    bytes = bytes.subspan(queue_.append_to_last(bytes));
  }
  flush_soon();
  return true;
}

base::MutableBytes Sender::try_begin_write(std::size_t bytes_min, std::size_t bytes_wanted, WhenShort when_short) {
  if (dropped_) return {};
  if (const base::MutableBytes rest = queue_.rest_of_last(); rest.size() >= bytes_min) return rest;
  // Small or large as for try_write, and for the same reasons.
  writing_ = queue_.empty() ? transport_.core().try_borrow_small(std::max(bytes_min, bytes_wanted)) : mem::Chunk();
  if (writing_) return writing_.bytes();
  const bool may_use_reserve = when_short == WhenShort::use_reserve && is_idle();
  if (!may_use_reserve && transport_.core().receive_buffers().is_short()) return {};
  writing_ = transport_.core().chunks().try_borrow();
  return writing_ ? writing_.bytes() : base::MutableBytes();
}

void Sender::end_write(std::size_t bytes) noexcept {
  mem::Chunk chunk = std::exchange(writing_, {});
  if (bytes == 0) return;
  if (chunk) {
    const base::ByteView written = chunk.bytes().first(bytes);
    queue_.push_back(transport_.slices().make(std::move(chunk), written));
  } else {
    queue_.extend_last(bytes);
  }
  flush_soon();
}

void Sender::drop() {
  dropped_ = true;
  transport_.core().flush_list().remove(flushable_);
  if (!is_sending()) {
    discard_queue();
  } else if (!cancel_.in_flight()) {
    ring::prepare_cancel(transport_.ring().require_sqe(cancel_), awaiting_ != nullptr ? awaiting_->completion() : send_);
  }
}

void Sender::flush_soon() noexcept {
  if (!is_sending()) transport_.core().flush_list().add(flushable_);
}

void Sender::flush() {
  if (is_sending() || queue_.empty()) return;
  const std::size_t pieces = gather();
  if (zero_copy_suits() && try_send_zero_copy(pieces)) return;
  plain_next_ = false;
  ring::Sqe& sqe = transport_.ring().require_sqe(send_);
  if (pieces == 1) {
    ring::prepare_send(sqe, socket_, queue_.front());
  } else {
    ring::prepare_send_gathered(sqe, socket_, header_);
  }
}

// As much of the queue as one send takes.
std::size_t Sender::gather() noexcept {
  std::size_t count = 0;
  in_flight_bytes_ = 0;
  queue_.for_each([&](base::ByteView bytes) {
    pieces_[count++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    in_flight_bytes_ += bytes.size();
    return count < pieces_.size();
  });
  header_.msg_iov = pieces_.data();
  header_.msg_iovlen = count;
  return count;
}

bool Sender::zero_copy_suits() {
  const SendPolicy& policy = transport_.send_policy();
  if (policy.zero_copy == ZeroCopy::never || in_flight_bytes_ < policy.zero_copy_min_bytes) return false;
  if (plain_next_ || trial_.is_impossible() || listener_trial_.is_impossible()) return false;
  // A plain send gives its chunks back at once, a zero-copy send when the peer has acknowledged.
  if (transport_.core().receive_buffers().is_short()) return false;
  if (policy.zero_copy == ZeroCopy::always) return true;
  const base::Instant now = transport_.core().now();
  return trial_.may_send(now) && listener_trial_.may_send(now) && is_worth_a_trial();
}

// Asked once per connection, when it first sends much: what stays on this machine is copied whatever we ask for.
bool Sender::is_worth_a_trial() {
  if (!std::exchange(was_asked_, true) && transport_.ring().backend().is_peer_local(socket_.index)) trial_.make_impossible();
  return !trial_.is_impossible();
}

// False without memory to remember the send by: then the bytes go the plain way, which needs none.
bool Sender::try_send_zero_copy(std::size_t pieces) {
  if (unreleased_ == nullptr) unreleased_ = transport_.try_borrow_release_queue(*this, listener_trial_);
  awaiting_ = unreleased_ != nullptr ? unreleased_->try_add() : nullptr;
  if (awaiting_ == nullptr) return false;
  trial_.on_submitted(transport_.core().now());
  listener_trial_.on_submitted(transport_.core().now());
  ring::Sqe& sqe = transport_.ring().require_sqe(awaiting_->completion());
  if (pieces == 1) {
    prepare_zero_copy(sqe, queue_.front());
  } else {
    ring::prepare_send_gathered_zero_copy(sqe, socket_, header_, transport_.usage_report());
  }
  return true;
}

void Sender::prepare_zero_copy(ring::Sqe& sqe, base::ByteView bytes) {
  if (const auto buffer = transport_.core().registered_buffers().index_of(bytes)) {
    transport_.counters().zero_copy_fixed_sends.add();
    ring::prepare_send_zero_copy_fixed(sqe, socket_, bytes, *buffer, transport_.usage_report());
  } else {
    ring::prepare_send_zero_copy(sqe, socket_, bytes, transport_.usage_report());
  }
}

void Sender::on_send(ring::IoResult result) { take_result(result.value, nullptr); }

// Not while a cancel is on its way: it would hit whoever borrows the same memory next.
void Sender::on_released() {
  if (cancel_.in_flight()) return;
  unreleased_->release_in_order();
  if (unreleased_->empty()) front_is_shared_ = false;
  connection_.on_sent();
}

void Sender::on_zero_copy_result(ZeroCopySend& send, ring::IoResult result) {
  awaiting_ = nullptr;
  if (refuses_zero_copy(result.value) && !dropped_) {
    if (result.value == -EOPNOTSUPP) listener_trial_.make_impossible();
    trial_.give_up(transport_.core().now());
    listener_trial_.give_up(transport_.core().now());
    in_flight_bytes_ = 0;
    plain_next_ = true;
    flush_soon();
    return;
  }
  transport_.counters().zero_copy_sends.add();
  if (result.value > 0) {
    send.set_sent();
    transport_.counters().zero_copy_bytes.add(static_cast<std::size_t>(result.value));
  }
  // Even of a failed send the kernel may still read until it says that it has let go.
  while (result.failed() && !queue_.empty()) retire(queue_.pop_front(), &send);
  take_result(result.value, &send);
}

void Sender::take_result(std::int32_t value, ZeroCopySend* holder) {
  transport_.counters().sends.add();
  if (value > 0) {
    const auto bytes = static_cast<std::size_t>(value);
    transport_.counters().sent_bytes.add(bytes);
    CORERING_TRACE(send, transport_.core().id().value, &connection_, bytes, holder != nullptr);
    if (bytes < in_flight_bytes_) transport_.counters().short_sends.add();
    consume(bytes, holder);
  }
  in_flight_bytes_ = 0;
  if (dropped_) {
    discard_queue();
  } else if (!queue_.empty() && value > 0) {
    flush_soon();
  }
  if (value <= 0 && !dropped_) {
    connection_.on_peer_failed();
    return;
  }
  connection_.on_sent();
}

// Takes what was sent out of the queue.
void Sender::consume(std::size_t bytes, ZeroCopySend* holder) noexcept {
  while (bytes > 0 && bytes >= queue_.front().size()) {
    bytes -= queue_.front().size();
    retire(queue_.pop_front(), holder);
  }
  if (bytes == 0) return;
  queue_.consume(bytes);
  if (holder != nullptr) front_is_shared_ = true;
}

// A slice that is sent to its end goes home, or stays with the last zero-copy send that may refer to it: they are released in order.
void Sender::retire(Slice slice, ZeroCopySend* holder) noexcept {
  const bool was_shared = std::exchange(front_is_shared_, false);
  if (holder == nullptr && was_shared && holds_memory()) holder = &unreleased_->back();
  if (holder != nullptr) unreleased_->hold(*holder, std::move(slice));
}

void Sender::discard_queue() noexcept {
  if (front_is_shared_ && !queue_.empty()) retire(queue_.pop_front(), nullptr);
  queue_.clear();
}

void Sender::on_cancel(ring::IoResult) {
  if (unreleased_ != nullptr) {
    on_released();
  } else {
    connection_.on_sent();
  }
}

}  // namespace corering::net
