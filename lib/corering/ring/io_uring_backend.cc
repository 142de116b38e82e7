#include "corering/ring/io_uring_backend.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "corering/sys/socket_address.h"

namespace corering::ring {

namespace {

constexpr std::uint32_t kEveryRung = IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;

constexpr std::array<std::uint32_t, 5> kLadder{
    // Linux 6.1: completions are made only inside our own enter, so the kernel never interrupts a turn.
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    // Linux 6.0.
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    // Linux 5.19.
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    // Linux 5.18.
    IORING_SETUP_SUBMIT_ALL,
    0,
};

base::Error setup_refused(int os_error) {
  switch (os_error) {
    case ENOSYS:
      return {
          base::ErrorCode::unsupported, os_error,
          "found no io_uring (io_uring_setup: ENOSYS), need it: the kernel was built without it or a container's seccomp profile "
          "hides it; allow io_uring_setup, io_uring_enter and io_uring_register there"};
    case EPERM:
    case EACCES:
      return {base::ErrorCode::forbidden, os_error,
              "found io_uring forbidden (io_uring_setup: EPERM), need it: set sysctl kernel.io_uring_disabled=0, or allow "
              "io_uring_setup, "
              "io_uring_enter and io_uring_register in the container's seccomp profile"};
    case ENOMEM:
      return {base::ErrorCode::limit_too_low, os_error,
              "found RLIMIT_MEMLOCK too low for a ring (io_uring_setup: ENOMEM): raise it (ulimit -l, or LimitMEMLOCK= in the "
              "service file)"};
    default: return base::os_error(os_error, "setting up a ring (io_uring_setup)");
  }
}

RingMemory memory_of(const io_uring& ring) {
  return {
      .submission_head = ring.sq.khead,
      .submission_tail = ring.sq.ktail,
      .submission_flags = ring.sq.kflags,
      .submission_index = ring.sq.array,
      .submissions = ring.sq.sqes,
      .submission_entries = ring.sq.ring_entries,
      .completion_head = ring.cq.khead,
      .completion_tail = ring.cq.ktail,
      .completion_dropped = ring.cq.koverflow,
      .completions = ring.cq.cqes,
      .completion_entries = ring.cq.ring_entries,
  };
}

}  // namespace

std::span<const std::uint32_t> setup_ladder() { return kLadder; }

IoUringBackend::~IoUringBackend() {
  if (opened_) io_uring_queue_exit(&ring_);
}

base::Result<OpenedRing> IoUringBackend::open(const SetupOptions& options) {
  int result = -EINVAL;
  for (const std::uint32_t rung : kLadder) {
    io_uring_params parameters{};
    parameters.flags = kEveryRung | rung;
    parameters.cq_entries = options.completion_entries;
    result = io_uring_queue_init_params(options.submission_entries, &ring_, &parameters);
    if (result == -EINVAL) continue;
    if (result < 0) return base::failure(setup_refused(-result));
    opened_ = true;
    enter_fd_ = ring_.ring_fd;
    // Idle rings would show as 100 % iowait; the kernel can be told not to count them.
    if ((parameters.features & IORING_FEAT_NO_IOWAIT) != 0) enter_flags_ |= IORING_ENTER_NO_IOWAIT;
    return OpenedRing{memory_of(ring_), parameters.flags, parameters.features, ring_.ring_fd};
  }
  return base::failure(setup_refused(-result));
}

base::Result<> IoUringBackend::enable() {
  // liburing 2.3 declares io_uring_enable_rings and forgets to export it.
  if (const int result = register_resource(IORING_REGISTER_ENABLE_RINGS, nullptr, 0); result < 0)
    return base::failure(base::os_error(-result, "enabling a ring"));
  // Saves the descriptor look-up in each enter; belongs to the thread that registers it. Linux 5.18, optional.
  if (io_uring_register_ring_fd(&ring_) == 1) {
    enter_fd_ = ring_.enter_ring_fd;
    enter_flags_ |= IORING_ENTER_REGISTERED_RING;
  }
  return {};
}

int IoUringBackend::register_resource(unsigned opcode, void* argument, unsigned count) {
  return io_uring_register(static_cast<unsigned>(ring_.ring_fd), opcode, argument, count);
}

int IoUringBackend::enter(const EnterRequest& request) {
  const unsigned flags = enter_flags_ | IORING_ENTER_GETEVENTS;
  const auto fd = static_cast<unsigned>(enter_fd_);
  if (request.wait_count == 0) return io_uring_enter2(fd, request.submit_count, 0, flags, nullptr, 0);
  __kernel_timespec timeout{};
  GetEventsArgument argument{};
  argument.min_wait_us = static_cast<std::uint32_t>(request.min_wait.count() / 1000);
  if (request.timeout != base::Duration::max()) {
    timeout = {request.timeout.count() / 1'000'000'000, request.timeout.count() % 1'000'000'000};
    argument.timeout = reinterpret_cast<std::uint64_t>(&timeout);
  }
  return io_uring_enter2(fd, request.submit_count, request.wait_count, flags | IORING_ENTER_EXT_ARG,
                         reinterpret_cast<sigset_t*>(&argument), sizeof(argument));
}

void IoUringBackend::shutdown_socket(int fd, int how) {
  // ENOTCONN is the only refusal of a valid socket: the peer is gone already, which is what was wanted.
  ::shutdown(fd, how);
}

void IoUringBackend::reset_socket(int fd) {
  // Disconnecting a TCP socket purges its queue; on others it is refused, and there is nothing to purge.
  const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
  static_cast<void>(::connect(fd, &nowhere, sizeof(nowhere)));
}

// A connection within a machine has the same address at both ends, or two of the loopback network.
bool IoUringBackend::is_peer_local(int fd) {
  auto here = sys::SocketAddress::bound_to(fd);
  auto there = sys::SocketAddress::connected_to(fd);
  if (!here || !there || here->is_unix()) return true;
  return there->is_loopback() || there->has_host_of(*here);
}

void IoUringBackend::close_fd(int fd) { ::close(fd); }

base::Result<int> IoUringBackend::open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return base::failure(base::os_error(errno, "opening a socket"));
  const int on = 1;
  // Without it large requests wait 40 ms for delayed acknowledgements.
  if (family != AF_UNIX) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

base::Result<int> IoUringBackend::open_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC);
  if (fd < 0) return base::failure(base::os_error(errno, "opening an eventfd"));
  return fd;
}

void IoUringBackend::signal_event(int fd) {
  const std::uint64_t one = 1;
  // Fails only when the counter is at its maximum, and then the reader is awake anyway.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof(one));
}

}  // namespace corering::ring
