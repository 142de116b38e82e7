// Backend: the seam at the system-call line. Everything above it prepares real submissions and reads real completions.
//
// Three back ends stand behind it: io_uring (io_uring_backend.h); the simulation, which plays the kernel from a seed
// (corering/testing); and, for machines where io_uring is forbidden, epoll: its place is a third class of this interface, chosen in
// runtime/backend_choice.h, performing the same operations with epoll and plain calls.
//
// Thread: open and register_resource may be called by any thread before enable; afterwards only the enabling thread may call.
// The plain calls at the end are the few that must not or need not go through the ring.
#pragma once

#include <cstdint>
#include <string_view>

#include "corering/base/clock.h"
#include "corering/base/result.h"
#include "corering/ring/kernel_abi.h"

namespace corering::ring {

struct SetupOptions {
  std::uint32_t submission_entries = 512;  // rounded up to a power of two
  std::uint32_t completion_entries = 4096;
};

// The two rings shared with the kernel. Pointers into memory of the back end, valid until it is closed.
struct RingMemory {
  std::uint32_t* submission_head = nullptr;  // written by the kernel
  std::uint32_t* submission_tail = nullptr;  // written by us
  std::uint32_t* submission_flags = nullptr;
  std::uint32_t* submission_index = nullptr;  // the indirection array
  Sqe* submissions = nullptr;
  std::uint32_t submission_entries = 0;

  std::uint32_t* completion_head = nullptr;  // written by us
  std::uint32_t* completion_tail = nullptr;  // written by the kernel
  std::uint32_t* completion_dropped = nullptr;
  Cqe* completions = nullptr;
  std::uint32_t completion_entries = 0;
};

struct OpenedRing {
  RingMemory memory;
  std::uint32_t setup_flags = 0;   // IORING_SETUP_*: what the set-up ladder arrived at
  std::uint32_t feature_bits = 0;  // IORING_FEAT_*
  int fd = -1;                     // the ring as a target of message_ring
};

struct EnterRequest {
  std::uint32_t submit_count = 0;
  std::uint32_t wait_count = 0;                    // 0: collect what is there and return
  base::Duration timeout = base::Duration::max();  // of the wait; max(): none
  base::Duration min_wait =
      base::Duration::zero();  // collect for this long if wait_count > 1 is not reached; needs Feature::min_wait
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;

  // Errors: unsupported, forbidden, limit_too_low, out_of_memory; the text names the remedy.
  virtual base::Result<OpenedRing> open(const SetupOptions& options) = 0;

  // Makes the calling thread the ring's only user.
  virtual base::Result<> enable() = 0;

  // io_uring_register(2). Returns its result or -errno.
  virtual int register_resource(unsigned opcode, void* argument, unsigned count) = 0;

  // io_uring_enter(2) with GETEVENTS. Returns the number submitted or -errno.
  virtual int enter(const EnterRequest& request) = 0;

  // shutdown(2) on a socket: its effect must be immediate, and IORING_OP_SHUTDOWN starts a worker thread.
  virtual void shutdown_socket(int fd, int how) = 0;

  // Breaks a TCP connection at once: the peer gets a reset and the kernel lets go of unacknowledged data. Nothing for other sockets.
  virtual void reset_socket(int fd) = 0;

  // True if both ends of the connection are on this machine, or it is no IP connection: the kernel then copies whatever it is asked.
  virtual bool is_peer_local(int fd) = 0;

  // close(2). Nothing may be in flight on the descriptor: its close would yield neither completions nor a FIN.
  virtual void close_fd(int fd) = 0;

  // A stream socket to connect, with TCP_NODELAY if it is an IP socket. Errors: limit_too_low without a free descriptor, unsupported
  // for a family that the kernel lacks, system.
  virtual base::Result<int> open_socket(int family) = 0;

  // An eventfd(2), for waking a core from a thread without a ring. Errors: limit_too_low, system.
  virtual base::Result<int> open_event() = 0;

  // Adds one to the event. Thread: any. Cost: one system call.
  virtual void signal_event(int fd) = 0;
};

}  // namespace corering::ring
