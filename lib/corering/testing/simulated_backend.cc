#include "corering/testing/simulated_backend.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

namespace corering::testing {

namespace {

constexpr std::uint32_t kSetupFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                                      IORING_SETUP_SUBMIT_ALL | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
constexpr std::uint32_t kAllFeatures = 0xffffffff;

}  // namespace

SimulatedBackend::SimulatedBackend(SimulatedNetwork& network, VirtualClock& clock, Random& random, const Faults& faults)
    : network_(network), clock_(clock), random_(random), faults_(faults) {}

base::Result<ring::OpenedRing> SimulatedBackend::open(const ring::SetupOptions& options) {
  index_.resize(std::bit_ceil(options.submission_entries));
  submissions_.resize(index_.size());
  completions_.resize(std::bit_ceil(options.completion_entries));
  ring::RingMemory memory;
  memory.submission_head = &submission_head_;
  memory.submission_tail = &submission_tail_;
  memory.submission_flags = &submission_flags_;
  memory.submission_index = index_.data();
  memory.submissions = submissions_.data();
  memory.submission_entries = static_cast<std::uint32_t>(submissions_.size());
  memory.completion_head = &completion_head_;
  memory.completion_tail = &completion_tail_;
  memory.completion_dropped = &dropped_;
  memory.completions = completions_.data();
  memory.completion_entries = static_cast<std::uint32_t>(completions_.size());
  return ring::OpenedRing{memory, kSetupFlags, kAllFeatures & ~withheld_, -1};
}

int SimulatedBackend::register_resource(unsigned opcode, void* argument, unsigned count) {
  switch (opcode) {
    case IORING_REGISTER_PROBE: {
      auto* probe = static_cast<io_uring_probe*>(argument);
      probe->ops_len = static_cast<std::uint8_t>(std::min<unsigned>(count, IORING_OP_LAST));
      for (unsigned op = 0; op < probe->ops_len; ++op) probe->ops[op].flags = IO_URING_OP_SUPPORTED;
      // The simulated rings do not know each other: cores wake each other by event.
      probe->ops[IORING_OP_MSG_RING].flags = 0;
      return 0;
    }
    case IORING_REGISTER_PBUF_RING: {
      const auto& registration = *static_cast<ring::BufferRingRegistration*>(argument);
      buffer_rings_.push_back({registration.group, registration.entries, reinterpret_cast<io_uring_buf*>(registration.address), 0});
      return 0;
    }
    case IORING_UNREGISTER_PBUF_RING: {
      const auto group = static_cast<ring::BufferRingRegistration*>(argument)->group;
      return std::erase_if(buffer_rings_, [group](const BufferRing& ring) { return ring.group == group; }) == 1 ? 0 : -EINVAL;
    }
    case IORING_REGISTER_FILES2: network_.set_direct_slots(static_cast<io_uring_rsrc_register*>(argument)->nr); return 0;
    case IORING_UNREGISTER_FILES: network_.set_direct_slots(0); return 0;
    case IORING_REGISTER_BUFFERS:
    case IORING_UNREGISTER_BUFFERS: return 0;
    default: return -EINVAL;
  }
}

int SimulatedBackend::enter(const ring::EnterRequest& request) {
  ++enters_;
  clock_.advance(base::Duration(static_cast<std::int64_t>(random_.below(50'000))));
  flush_overflow();
  if (random_.chance(faults_.interrupted)) {
    static constexpr int kInterruptions[] = {-EINTR, -EBUSY, -EAGAIN};
    return kInterruptions[random_.below(std::size(kInterruptions))];
  }
  const int submitted = take_submissions(request.submit_count);
  progress_all();
  // As the kernel does: whoever could not submit everything is told at once.
  if (static_cast<std::uint32_t>(submitted) < request.submit_count) return submitted;
  while (ready_completions() < std::min<std::uint32_t>(request.wait_count, 1) && act_) {
    if (progress_all() || act_()) continue;
    if (request.timeout == base::Duration::max()) {
      stuck_ = true;
      return submitted;
    }
    clock_.advance(request.timeout);
    return submitted > 0 ? submitted : -ETIME;
  }
  return submitted;
}

int SimulatedBackend::take_submissions(std::uint32_t count) {
  if (random_.chance(faults_.submit_stops)) count = static_cast<std::uint32_t>(random_.below(count + 1));
  for (std::uint32_t taken = 0; taken < count; ++taken) {
    const std::uint32_t slot = index_[submission_head_ & (index_.size() - 1)];
    ++submission_head_;
    submit(submissions_[slot]);
    // The entry belongs to the code above again: whoever still reads it reads rubbish.
    std::memset(&submissions_[slot], 0xa5, sizeof(ring::Sqe));
  }
  return static_cast<int>(count);
}

void SimulatedBackend::submit(const ring::Sqe& sqe) {
  Operation operation;
  operation.user_data = sqe.user_data;
  operation.opcode = sqe.opcode;
  operation.file = {sqe.fd, (sqe.flags & IOSQE_FIXED_FILE) != 0 ? ring::FileRef::Kind::direct : ring::FileRef::Kind::descriptor};
  operation.skips_success = (sqe.flags & IOSQE_CQE_SKIP_SUCCESS) != 0;
  operation.argument = sqe.len;
  switch (sqe.opcode) {
    case IORING_OP_ACCEPT:
      operation.multishot = (sqe.ioprio & IORING_ACCEPT_MULTISHOT) != 0;
      operation.direct_accept = sqe.file_index != 0;
      break;
    case IORING_OP_RECV:
      operation.multishot = (sqe.ioprio & IORING_RECV_MULTISHOT) != 0;
      operation.selects_buffer = (sqe.flags & IOSQE_BUFFER_SELECT) != 0;
      operation.group = sqe.buf_group;
      operation.into = {reinterpret_cast<std::byte*>(sqe.addr), sqe.len};
      operation.never_waits = (sqe.msg_flags & MSG_DONTWAIT) != 0;
      // The kernel looks for a buffer before it looks for data.
      if (operation.selects_buffer && fails_at_once(operation)) return;
      break;
    case IORING_OP_POLL_ADD: operation.argument = sqe.poll32_events; break;
    case IORING_OP_READ: operation.into = {reinterpret_cast<std::byte*>(sqe.addr), sqe.len}; break;
    case IORING_OP_SEND:
    case IORING_OP_SEND_ZC: operation.pieces.push_back({reinterpret_cast<void*>(sqe.addr), sqe.len}); break;
    case IORING_OP_SENDMSG: {
      const auto& header = *reinterpret_cast<const msghdr*>(sqe.addr);
      operation.pieces.assign(header.msg_iov, header.msg_iov + header.msg_iovlen);
      break;
    }
    case IORING_OP_ASYNC_CANCEL: operation.target = sqe.addr; break;
    case IORING_OP_CLOSE:
      if (sqe.file_index != 0) operation.file = {static_cast<int>(sqe.file_index) - 1, ring::FileRef::Kind::direct};
      break;
    case IORING_OP_SHUTDOWN:
    case IORING_OP_NOP: break;
    default:
      violation("unknown operation " + std::to_string(sqe.opcode));
      post(operation.user_data, -EINVAL, 0);
      return;
  }
  pending_.push_back(std::move(operation));
}

bool SimulatedBackend::fails_at_once(const Operation& operation) {
  const BufferRing* ring = buffer_ring(operation.group);
  if (ring == nullptr) {
    violation("a receive selects from buffer group " + std::to_string(operation.group) + ", which is not registered");
    return false;
  }
  const auto tail = std::atomic_ref(reinterpret_cast<io_uring_buf_ring*>(ring->buffers)->tail).load(std::memory_order_acquire);
  if (tail != ring->head) return false;
  post(operation.user_data, -ENOBUFS, 0);
  return true;
}

// Each pending operation gets its chance, beginning anywhere; true if anything happened.
bool SimulatedBackend::progress_all() {
  if (pending_.empty()) return false;
  bool happened = false;
  const std::size_t first = static_cast<std::size_t>(random_.below(pending_.size()));
  std::rotate(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(first), pending_.end());
  for (std::size_t index = 0; index < pending_.size();) {
    if (random_.chance(faults_.late)) {
      ++index;
      continue;
    }
    // A cancel changes other elements but never the vector's order; the element is looked up again afterwards.
    const Progress result = progress(pending_[index]);
    if (result != Progress::none) happened = true;
    if (result == Progress::finished) {
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
    } else {
      ++index;
    }
  }
  // Late ones count as possible: a waiting enter must come back to them.
  if (!happened && faults_.late != 0) {
    for (Operation& operation : pending_) {
      const Progress result = progress(operation);
      if (result == Progress::none) continue;
      if (result == Progress::finished) pending_.erase(pending_.begin() + (&operation - pending_.data()));
      return true;
    }
  }
  return happened;
}

SimulatedBackend::Progress SimulatedBackend::progress(Operation& operation) {
  if (operation.notification_due) return finish(operation, 0, IORING_CQE_F_NOTIF);
  if (operation.cancelled) {
    const bool is_send = !operation.pieces.empty();
    return finish(operation, is_send && operation.done_bytes > 0 ? static_cast<std::int32_t>(operation.done_bytes) : -ECANCELED);
  }
  switch (operation.opcode) {
    case IORING_OP_ACCEPT: return accept(operation);
    case IORING_OP_RECV: return receive(operation);
    case IORING_OP_POLL_ADD: return poll(operation);
    case IORING_OP_READ: return read_event(operation);
    case IORING_OP_SEND:
    case IORING_OP_SEND_ZC:
    case IORING_OP_SENDMSG: return send(operation);
    case IORING_OP_ASYNC_CANCEL: return cancel(operation);
    case IORING_OP_CLOSE: return close(operation);
    case IORING_OP_SHUTDOWN: network_.shutdown(operation.file, static_cast<int>(operation.argument)); return finish(operation, 0);
    default: return finish(operation, 0);
  }
}

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
  if (operation.opcode != IORING_OP_SEND_ZC) return finish(operation, static_cast<std::int32_t>(operation.done_bytes));
  post(operation.user_data, static_cast<std::int32_t>(operation.done_bytes), IORING_CQE_F_MORE);
  operation.notification_due = true;
  return Progress::some;
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
  target->cancelled = true;
  return finish(operation, random_.chance(faults_.cancel_already) ? -EALREADY : 0);
}

SimulatedBackend::Progress SimulatedBackend::close(Operation& operation) {
  if (network_.find(operation.file) == nullptr) {
    violation("close of a file that is not open");
    return finish(operation, -EBADF);
  }
  for (const Operation& other : pending_) {
    if (&other != &operation && other.file == operation.file && other.opcode != IORING_OP_ASYNC_CANCEL) {
      violation("close of a file with operation " + std::to_string(other.opcode) + " in flight");
    }
  }
  network_.close(operation.file);
  return finish(operation, 0);
}

SimulatedBackend::Progress SimulatedBackend::finish(const Operation& operation, std::int32_t value, std::uint32_t flags) {
  if (!(operation.skips_success && value >= 0)) post(operation.user_data, value, flags);
  return Progress::finished;
}

void SimulatedBackend::post(std::uint64_t user_data, std::int32_t value, std::uint32_t flags) {
  const ring::Cqe cqe{.user_data = user_data, .res = value, .flags = flags};
  if (overflow_.empty() && post_to_queue(cqe)) return;
  overflow_.push_back(cqe);
  submission_flags_ |= IORING_SQ_CQ_OVERFLOW;
}

void SimulatedBackend::flush_overflow() {
  std::size_t moved = 0;
  while (moved < overflow_.size() && post_to_queue(overflow_[moved])) ++moved;
  overflow_.erase(overflow_.begin(), overflow_.begin() + static_cast<std::ptrdiff_t>(moved));
  if (overflow_.empty()) submission_flags_ &= ~static_cast<std::uint32_t>(IORING_SQ_CQ_OVERFLOW);
}

bool SimulatedBackend::post_to_queue(const ring::Cqe& cqe) {
  if (ready_completions() == completions_.size()) return false;
  ring::Cqe& slot = completions_[completion_tail_ & (completions_.size() - 1)];
  slot.user_data = cqe.user_data;
  slot.res = cqe.res;
  slot.flags = cqe.flags;
  ++completion_tail_;
  return true;
}

SimulatedBackend::BufferRing* SimulatedBackend::buffer_ring(std::uint16_t group) {
  const auto found = std::ranges::find(buffer_rings_, group, &BufferRing::group);
  return found == buffer_rings_.end() ? nullptr : &*found;
}

Stream* SimulatedBackend::stream_of(const Operation& operation) {
  SimulatedNetwork::File* file = network_.find(operation.file);
  if (file == nullptr || file->kind != SimulatedNetwork::File::Kind::stream) {
    violation("operation " + std::to_string(operation.opcode) + " on a file that is no open connection");
    return nullptr;
  }
  return file->stream.get();
}

std::uint32_t SimulatedBackend::ready_completions() const noexcept { return completion_tail_ - completion_head_; }

}  // namespace corering::testing
