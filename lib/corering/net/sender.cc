#include "corering/net/sender.h"

#include "corering/net/connection.h"

namespace corering::net {

Sender::Sender(Transport& transport, Connection& connection, ring::FileRef socket) noexcept
    : transport_(transport), connection_(connection), socket_(socket) {}

Sender::~Sender() { transport_.core().flush_list().remove(flushable_); }

void Sender::push(Slice slice) noexcept {
  if (dropped_ || slice.bytes().empty()) return;
  queue_.push_back(std::move(slice));
  flush_soon();
}

bool Sender::try_write(base::ByteView bytes) {
  if (dropped_ || bytes.empty()) return true;
  mem::ChunkPool& chunks = transport_.core().chunks();
  const std::size_t room = queue_.room_in_last();
  const std::size_t beyond = bytes.size() > room ? bytes.size() - room : 0;
  if (chunks.free_count() < (beyond + chunks.chunk_bytes() - 1) / chunks.chunk_bytes()) return false;
  transport_.counters().copied_bytes.add(bytes.size());
  bytes = bytes.subspan(queue_.append_to_last(bytes));
  while (!bytes.empty()) {
    mem::Chunk chunk = chunks.try_borrow();
    CORERING_ASSERT(chunk, "free chunks were counted and are not there");
    const base::ByteView empty = chunk.bytes().first(0);
    queue_.push_back(transport_.slices().make(std::move(chunk), empty));
    bytes = bytes.subspan(queue_.append_to_last(bytes));
  }
  flush_soon();
  return true;
}

void Sender::drop() {
  dropped_ = true;
  transport_.core().flush_list().remove(flushable_);
  if (!send_.in_flight()) {
    queue_.clear();
  } else if (!cancel_.in_flight()) {
    ring::prepare_cancel(transport_.ring().require_sqe(cancel_), send_);
  }
}

void Sender::flush_soon() noexcept {
  if (!send_.in_flight()) transport_.core().flush_list().add(flushable_);
}

void Sender::flush() {
  if (send_.in_flight() || queue_.empty()) return;
  ring::Sqe& sqe = transport_.ring().require_sqe(send_);
  if (queue_.count() == 1) {
    in_flight_bytes_ = queue_.bytes();
    ring::prepare_send(sqe, socket_, queue_.front());
    return;
  }
  std::size_t count = 0;
  in_flight_bytes_ = 0;
  queue_.for_each([&](base::ByteView bytes) {
    pieces_[count++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    in_flight_bytes_ += bytes.size();
    return count < pieces_.size();
  });
  header_.msg_iov = pieces_.data();
  header_.msg_iovlen = count;
  ring::prepare_send_gathered(sqe, socket_, header_);
}

void Sender::on_send(ring::IoResult result) {
  transport_.counters().sends.add();
  if (result.value > 0) {
    const auto bytes = static_cast<std::size_t>(result.value);
    transport_.counters().sent_bytes.add(bytes);
    if (bytes < in_flight_bytes_) transport_.counters().short_sends.add();
    queue_.consume(bytes);
  }
  in_flight_bytes_ = 0;
  if (dropped_) {
    queue_.clear();
  } else if (!queue_.empty() && result.value > 0) {
    flush_soon();
  }
  if (result.value <= 0 && !dropped_) {
    connection_.on_peer_failed();
    return;
  }
  connection_.on_sent();
}

void Sender::on_cancel(ring::IoResult) { connection_.on_sent(); }

}  // namespace corering::net
