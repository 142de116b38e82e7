// SimulatedBackend: the kernel's side of a ring, played from a seed.
//
// The code above the seam prepares real submissions and reads real completions; this class reads the former, acts on a
// SimulatedNetwork and writes the latter, as slowly, as piecemeal and in as odd an order as the kernel is allowed to. It also
// watches what the code above must never do (closing a file that has operations in flight, using one that is closed); such
// violations are collected, and a test fails on them.
//
// Thread: one. Lifetime: the network, the clock and the random generator outlive it.
#pragma once

#include <sys/uio.h>

#include <functional>
#include <string>
#include <vector>

#include "corering/ring/backend.h"
#include "corering/testing/random.h"
#include "corering/testing/simulated_network.h"
#include "corering/testing/virtual_clock.h"

namespace corering::testing {

// How unkind the simulated kernel is. Units: chances in 1000.
struct Faults {
  unsigned late = 300;  // an operation that could proceed waits for a later enter
  unsigned short_receive = 300;
  unsigned short_send = 100;
  unsigned no_buffers = 20;       // ENOBUFS although there are buffers
  unsigned multishot_ends = 50;   // F_MORE missing for no reason
  unsigned accept_fails = 20;     // EMFILE, ECONNABORTED, ENFILE
  unsigned cancel_already = 300;  // EALREADY instead of 0
  unsigned submit_stops = 20;     // only a part of the submissions is taken
  unsigned interrupted = 20;      // EINTR, EBUSY or EAGAIN from enter
  unsigned kernel_copies = 500;   // a zero-copy send that was copied after all
  unsigned no_zero_copy = 20;     // EOPNOTSUPP or ENOBUFS instead of a zero-copy send
  unsigned connect_fails = 20;    // ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EINTR
};

class SimulatedBackend final : public ring::Backend {
 public:
  SimulatedBackend(SimulatedNetwork& network, VirtualClock& clock, Random& random, const Faults& faults);

  // Called while an enter waits and no operation can proceed; lets the peers act. False: they cannot either. Without it, a wait
  // returns at once.
  void on_idle(std::function<bool()> act) { act_ = std::move(act); }

  std::string_view name() const override { return "simulated"; }
  base::Result<ring::OpenedRing> open(const ring::SetupOptions& options) override;
  base::Result<> enable() override { return {}; }
  int register_resource(unsigned opcode, void* argument, unsigned count) override;
  int enter(const ring::EnterRequest& request) override;
  void shutdown_socket(int fd, int how) override { network_.shutdown({fd, ring::FileRef::Kind::descriptor}, how); }
  void reset_socket(int fd) override { network_.reset({fd, ring::FileRef::Kind::descriptor}); }
  bool is_peer_local(int) override { return false; }
  void close_fd(int fd) override;
  base::Result<int> open_socket(int) override { return network_.open_socket(); }
  base::Result<int> open_event() override { return network_.open_event(); }
  void signal_event(int fd) override { network_.signal_event(fd); }

  // What the code above did that the kernel would have punished in silence.
  const std::vector<std::string>& violations() const noexcept { return violations_; }

  // An enter waited although nothing could ever end the wait.
  bool is_stuck() const noexcept { return stuck_; }

  std::uint64_t enters() const noexcept { return enters_; }
  std::size_t pending() const noexcept { return pending_.size(); }
  std::size_t pending_receives() const noexcept;
  std::size_t unacknowledged_sends() const noexcept;  // zero-copy, with their result and without their notification

  // Withholds feature bits from the next open.
  void withhold_features(std::uint32_t bits) noexcept { withheld_ = bits; }

 private:
  // An operation that the kernel holds.
  struct Operation {
    std::uint64_t user_data = 0;
    std::uint8_t opcode = 0;
    ring::FileRef file;
    bool multishot = false;
    bool selects_buffer = false;
    bool skips_success = false;
    bool direct_accept = false;
    bool never_waits = false;
    std::uint16_t group = 0;
    base::MutableBytes into;
    std::vector<iovec> pieces;   // of a send, copied at submission as the kernel does
    std::size_t done_bytes = 0;  // of a send
    std::uint64_t target = 0;    // of a cancel
    std::uint32_t argument = 0;
    std::string address;  // of a connect
    bool cancelled = false;
    bool notification_due = false;
    bool is_zero_copy = false;
    bool reports_usage = false;
    std::shared_ptr<Stream> stream;        // of a zero-copy send; outlives the file
    std::uint64_t acknowledged_at = 0;     // bytes that the peer has read when a zero-copy send's memory is let go of
    std::vector<std::uint64_t> checksums;  // of its pieces, when they were sent
  };

  enum class Progress : std::uint8_t { none, some, finished };

  struct BufferRing {
    std::uint16_t group = 0;
    std::uint32_t entries = 0;
    io_uring_buf* buffers = nullptr;
    std::uint16_t head = 0;
  };

  int take_submissions(std::uint32_t count);
  void submit(const ring::Sqe& sqe);
  bool fails_at_once(const Operation& operation);
  bool progress_all();
  Progress progress(Operation& operation);
  Progress accept(Operation& operation);
  Progress connect(Operation& operation);
  Progress receive(Operation& operation);
  Progress receive_into_buffer(Operation& operation, Stream& stream);
  Progress send(Operation& operation);
  Progress finish_zero_copy(Operation& operation, const Stream& stream);
  Progress notify(Operation& operation);
  Progress poll(Operation& operation);
  Progress read_event(Operation& operation);
  Progress cancel(Operation& operation);
  Progress close(Operation& operation);
  Progress finish(const Operation& operation, std::int32_t value, std::uint32_t flags = 0);
  void post(std::uint64_t user_data, std::int32_t value, std::uint32_t flags);
  void flush_overflow();
  bool post_to_queue(const ring::Cqe& cqe);
  BufferRing* buffer_ring(std::uint16_t group);
  void check_unused(ring::FileRef file, const Operation* but);
  Stream* stream_of(const Operation& operation);
  void violation(std::string what) { violations_.push_back(std::move(what)); }
  std::uint32_t ready_completions() const noexcept;

  SimulatedNetwork& network_;
  VirtualClock& clock_;
  Random& random_;
  const Faults faults_;
  std::function<bool()> act_;

  // The shared rings.
  std::uint32_t submission_head_ = 0;
  std::uint32_t submission_tail_ = 0;
  std::uint32_t submission_flags_ = 0;
  std::uint32_t completion_head_ = 0;
  std::uint32_t completion_tail_ = 0;
  std::uint32_t dropped_ = 0;
  std::vector<std::uint32_t> index_;
  std::vector<ring::Sqe> submissions_;
  std::vector<ring::Cqe> completions_;

  std::vector<ring::Cqe> overflow_;
  std::vector<Operation> pending_;
  std::vector<BufferRing> buffer_rings_;
  std::uint32_t withheld_ = 0;
  bool stuck_ = false;
  std::uint64_t enters_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace corering::testing
