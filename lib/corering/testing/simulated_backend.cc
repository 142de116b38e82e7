#include "corering/testing/simulated_backend.h"

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
    case IORING_REGISTER_BUFFERS2:
    case IORING_REGISTER_BUFFERS_UPDATE:
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
    case IORING_OP_CONNECT:
      if (auto address = sys::SocketAddress::from(reinterpret_cast<const sockaddr*>(sqe.addr), static_cast<socklen_t>(sqe.off))) {
        operation.address = address->text();
      } else {
        violation("connect to no address: " + address.error().text);
      }
      break;
    case IORING_OP_POLL_ADD: operation.argument = sqe.poll32_events; break;
    case IORING_OP_READ: operation.into = {reinterpret_cast<std::byte*>(sqe.addr), sqe.len}; break;
    case IORING_OP_SEND:
    case IORING_OP_SEND_ZC: operation.pieces.push_back({reinterpret_cast<void*>(sqe.addr), sqe.len}); break;
    case IORING_OP_SENDMSG:
    case IORING_OP_SENDMSG_ZC: {
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
  operation.is_zero_copy = sqe.opcode == IORING_OP_SEND_ZC || sqe.opcode == IORING_OP_SENDMSG_ZC;
  operation.reports_usage = operation.is_zero_copy && (sqe.ioprio & IORING_SEND_ZC_REPORT_USAGE) != 0;
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
  if (operation.notification_due) return notify(operation);
  if (operation.cancelled) {
    if (operation.is_zero_copy && operation.done_bytes > 0) return finish_zero_copy(operation, *stream_of(operation));
    const bool is_send = !operation.pieces.empty();
    return finish(operation, is_send && operation.done_bytes > 0 ? static_cast<std::int32_t>(operation.done_bytes) : -ECANCELED);
  }
  switch (operation.opcode) {
    case IORING_OP_ACCEPT: return accept(operation);
    case IORING_OP_CONNECT: return connect(operation);
    case IORING_OP_RECV: return receive(operation);
    case IORING_OP_POLL_ADD: return poll(operation);
    case IORING_OP_READ: return read_event(operation);
    case IORING_OP_SEND:
    case IORING_OP_SEND_ZC:
    case IORING_OP_SENDMSG:
    case IORING_OP_SENDMSG_ZC: return send(operation);
    case IORING_OP_ASYNC_CANCEL: return cancel(operation);
    case IORING_OP_CLOSE: return close(operation);
    case IORING_OP_SHUTDOWN: network_.shutdown(operation.file, static_cast<int>(operation.argument)); return finish(operation, 0);
    default: return finish(operation, 0);
  }
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

std::size_t SimulatedBackend::pending_receives() const noexcept {
  return static_cast<std::size_t>(std::ranges::count(pending_, IORING_OP_RECV, &Operation::opcode));
}

std::size_t SimulatedBackend::unacknowledged_sends() const noexcept {
  return static_cast<std::size_t>(std::ranges::count(pending_, true, &Operation::notification_due));
}

std::uint32_t SimulatedBackend::ready_completions() const noexcept { return completion_tail_ - completion_head_; }

}  // namespace corering::testing
