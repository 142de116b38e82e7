// What the simulated kernel does for each kind of operation.

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <span>

#include "corering/testing/simulated_backend.h"

namespace corering::testing {

namespace {

std::uint64_t checksum(const iovec& piece) {
  std::uint64_t sum = 0;
  for (const std::byte byte : std::span(static_cast<const std::byte*>(piece.iov_base), piece.iov_len)) {
    sum = (sum ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3ULL;
  }
  return sum;
}

}  // namespace

SimulatedBackend::Progress SimulatedBackend::accept(Operation& operation) {
  SimulatedNetwork::File* listener = network_.find(operation.file);
  if (listener == nullptr || listener->kind != SimulatedNetwork::File::Kind::listener) {
    violation("accept on a file that is no listener");
    return finish(operation, -EBADF);
  }
  if (listener->backlog.empty()) return Progress::none;
  if (random_.chance(faults_.accept_fails)) {
    static constexpr int kErrors[] = {-EMFILE, -ENFILE, -ECONNABORTED, -ENOBUFS};
    return finish(operation, kErrors[random_.below(std::size(kErrors))]);
  }
  const int file = network_.accept(*listener, operation.direct_accept);
  if (file < 0 || !operation.multishot || random_.chance(faults_.multishot_ends)) return finish(operation, file);
  post(operation.user_data, file, IORING_CQE_F_MORE);
  return Progress::some;
}

SimulatedBackend::Progress SimulatedBackend::connect(Operation& operation) {
  SimulatedNetwork::File* socket = network_.find(operation.file);
  if (socket == nullptr || socket->kind != SimulatedNetwork::File::Kind::socket) {
    violation("connect of a file that is no unconnected socket");
    return finish(operation, -EBADF);
  }
  if (random_.chance(faults_.connect_fails)) {
    static constexpr int kErrors[] = {-ECONNREFUSED, -ETIMEDOUT, -ENETUNREACH, -EINTR};
    return finish(operation, kErrors[random_.below(std::size(kErrors))]);
  }
  const int result = network_.connect_socket(*socket, operation.address);
  return result == -EINPROGRESS ? Progress::none : finish(operation, result);
}

SimulatedBackend::Progress SimulatedBackend::receive(Operation& operation) {
  Stream* stream = stream_of(operation);
  if (stream == nullptr) return finish(operation, -EBADF);
  if (stream->peer_reset) return finish(operation, -ECONNRESET);
  if (stream->to_server.size() == 0) {
    if (stream->peer_ended || stream->server_shut_reading) return finish(operation, 0);
    return operation.never_waits ? finish(operation, -EAGAIN) : Progress::none;
  }
  if (operation.selects_buffer) return receive_into_buffer(operation, *stream);
  const std::size_t bytes = stream->to_server.read(operation.into);
  stream->server_received_bytes += bytes;
  return finish(operation, static_cast<std::int32_t>(bytes));
}

SimulatedBackend::Progress SimulatedBackend::receive_into_buffer(Operation& operation, Stream& stream) {
  BufferRing* ring = buffer_ring(operation.group);
  if (ring == nullptr) return finish(operation, -ENOBUFS);
  const auto tail = std::atomic_ref(reinterpret_cast<io_uring_buf_ring*>(ring->buffers)->tail).load(std::memory_order_acquire);
  if (tail == ring->head || random_.chance(faults_.no_buffers)) return finish(operation, -ENOBUFS);
  const io_uring_buf& buffer = ring->buffers[ring->head & (ring->entries - 1)];
  const base::MutableBytes whole(reinterpret_cast<std::byte*>(buffer.addr), buffer.len);
  const std::uint32_t flags = IORING_CQE_F_BUFFER | static_cast<std::uint32_t>(buffer.bid) << IORING_CQE_BUFFER_SHIFT;
  const std::size_t limit = random_.chance(faults_.short_receive) ? random_.between(1, whole.size()) : whole.size();
  const std::size_t bytes = stream.to_server.read(whole.first(limit));
  ++ring->head;
  stream.server_received_bytes += bytes;
  if (!operation.multishot || random_.chance(faults_.multishot_ends))
    return finish(operation, static_cast<std::int32_t>(bytes), flags);
  post(operation.user_data, static_cast<std::int32_t>(bytes), flags | IORING_CQE_F_MORE);
  return Progress::some;
}

// The bytes are read when they are sent, not when the operation is submitted: memory reused too early shows as wrong bytes at the
// peer.
SimulatedBackend::Progress SimulatedBackend::send(Operation& operation) {
  Stream* stream = stream_of(operation);
  if (stream == nullptr) return finish(operation, -EBADF);
  if (stream->peer_reset) return finish(operation, random_.chance(500) ? -ECONNRESET : -EPIPE);
  if (stream->server_ended) return finish(operation, -EPIPE);
  if (operation.is_zero_copy && operation.done_bytes == 0 && random_.chance(faults_.no_zero_copy)) {
    return finish(operation, random_.chance(500) ? -EOPNOTSUPP : -ENOBUFS);
  }
  std::size_t skipped = operation.done_bytes;
  std::size_t total = 0;
  std::size_t moved = 0;
  bool full = false;
  for (const iovec& piece : operation.pieces) {
    total += piece.iov_len;
    const std::size_t skip = std::min(skipped, piece.iov_len);
    skipped -= skip;
    const base::ByteView rest(static_cast<const std::byte*>(piece.iov_base) + skip, piece.iov_len - skip);
    if (full || rest.empty()) continue;
    const std::size_t limit = random_.chance(faults_.short_send) ? random_.between(1, rest.size()) : rest.size();
    const std::size_t written = stream->to_peer.write(rest.first(limit));
    moved += written;
    full = written < rest.size();
  }
  operation.done_bytes += moved;
  const bool complete = operation.done_bytes == total;
  const bool stops_short = operation.done_bytes > 0 && random_.chance(faults_.short_send);
  if (!complete && !stops_short) return moved > 0 ? Progress::some : Progress::none;
  if (!operation.is_zero_copy) return finish(operation, static_cast<std::int32_t>(operation.done_bytes));
  return finish_zero_copy(operation, *stream);
}

// The result comes now; the memory stays the kernel's until the peer has read it all.
SimulatedBackend::Progress SimulatedBackend::finish_zero_copy(Operation& operation, const Stream& stream) {
  operation.notification_due = true;
  operation.stream = network_.find(operation.file)->stream;
  operation.acknowledged_at = stream.to_peer.written_total();
  for (const iovec& piece : operation.pieces) operation.checksums.push_back(checksum(piece));
  post(operation.user_data, static_cast<std::int32_t>(operation.done_bytes), IORING_CQE_F_MORE);
  return Progress::some;
}

SimulatedBackend::Progress SimulatedBackend::notify(Operation& operation) {
  if (operation.stream->to_peer.read_total() < operation.acknowledged_at) return Progress::none;
  std::size_t left = operation.done_bytes;
  for (std::size_t index = 0; index < operation.pieces.size() && left >= operation.pieces[index].iov_len; ++index) {
    left -= operation.pieces[index].iov_len;
    if (checksum(operation.pieces[index]) != operation.checksums[index]) {
      violation("memory of a zero-copy send was changed before its notification");
    }
  }
  const std::uint32_t usage = operation.reports_usage && random_.chance(faults_.kernel_copies) ? ring::kZeroCopyWasCopied : 0;
  return finish(operation, static_cast<std::int32_t>(usage), IORING_CQE_F_NOTIF);
}

// As TCP: writable from a third of free room up.
SimulatedBackend::Progress SimulatedBackend::poll(Operation& operation) {
  const Stream* stream = stream_of(operation);
  if (stream == nullptr) return finish(operation, -EBADF);
  std::uint32_t ready = 0;
  if (stream->to_peer.room() * 3 >= stream->to_peer.capacity() || stream->server_ended) ready |= POLLOUT;
  if (stream->to_server.size() != 0 || stream->peer_ended || stream->server_shut_reading) ready |= POLLIN;
  ready &= operation.argument;
  if (stream->peer_reset) ready |= POLLERR | POLLHUP;
  return ready == 0 ? Progress::none : finish(operation, static_cast<std::int32_t>(ready));
}

SimulatedBackend::Progress SimulatedBackend::read_event(Operation& operation) {
  SimulatedNetwork::File* file = network_.find(operation.file);
  if (file == nullptr || file->kind != SimulatedNetwork::File::Kind::event) {
    violation("read on a file that is no event");
    return finish(operation, -EBADF);
  }
  if (file->event_value == 0) return Progress::none;
  std::memcpy(operation.into.data(), &file->event_value, sizeof(file->event_value));
  file->event_value = 0;
  return finish(operation, sizeof(file->event_value));
}

// The target ends by itself a little later; whether its completion or the cancel's comes first is open.
SimulatedBackend::Progress SimulatedBackend::cancel(Operation& operation) {
  const auto target = std::ranges::find_if(pending_, [&](const Operation& other) {
    return other.user_data == operation.target && other.opcode != IORING_OP_ASYNC_CANCEL && !other.notification_due;
  });
  if (target == pending_.end()) return finish(operation, -ENOENT);
  const bool is_already = random_.chance(faults_.cancel_already);
  // A connect whose answer is on its way may end as if nobody had cancelled it.
  const bool is_answered =
      target->opcode == IORING_OP_CONNECT && network_.manner_of(target->address) != SimulatedNetwork::Manner::keeps_silent;
  target->cancelled = !(is_already && is_answered);
  return finish(operation, is_already ? -EALREADY : 0);
}

SimulatedBackend::Progress SimulatedBackend::close(Operation& operation) {
  if (network_.find(operation.file) == nullptr) {
    violation("close of a file that is not open");
    return finish(operation, -EBADF);
  }
  check_unused(operation.file, &operation);
  network_.close(operation.file);
  return finish(operation, 0);
}

void SimulatedBackend::close_fd(int fd) {
  const ring::FileRef file{fd, ring::FileRef::Kind::descriptor};
  check_unused(file, nullptr);
  network_.close(file);
}

void SimulatedBackend::check_unused(ring::FileRef file, const Operation* but) {
  for (const Operation& other : pending_) {
    // A send of which only the notification is outstanding does not refer to the file any more.
    const bool refers = other.file == file && other.opcode != IORING_OP_ASYNC_CANCEL && !other.notification_due;
    if (&other != but && refers) violation("close of a file with operation " + std::to_string(other.opcode) + " in flight");
  }
}

Stream* SimulatedBackend::stream_of(const Operation& operation) {
  SimulatedNetwork::File* file = network_.find(operation.file);
  if (file == nullptr || file->kind != SimulatedNetwork::File::Kind::stream) {
    violation("operation " + std::to_string(operation.opcode) + " on a file that is no open connection");
    return nullptr;
  }
  return file->stream.get();
}

}  // namespace corering::testing
