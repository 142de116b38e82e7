// IoUringBackend: the real kernel.
//
// Set-up tries the flags that suit one ring per core first and steps down on EINVAL, so that one binary runs from Linux 5.19 up and
// gets the best that the kernel has.
#pragma once

#include <cstdint>
#include <span>

#include "corering/ring/backend.h"

namespace corering::ring {

class IoUringBackend final : public Backend {
 public:
  IoUringBackend() = default;
  IoUringBackend(const IoUringBackend&) = delete;
  IoUringBackend& operator=(const IoUringBackend&) = delete;
  ~IoUringBackend() override;

  std::string_view name() const override { return "io_uring"; }
  base::Result<OpenedRing> open(const SetupOptions& options) override;
  base::Result<> enable() override;
  int register_resource(unsigned opcode, void* argument, unsigned count) override;
  int enter(const EnterRequest& request) override;
  void shutdown_socket(int fd, int how) override;
  void reset_socket(int fd) override;
  bool is_peer_local(int fd) override;
  void close_fd(int fd) override;
  base::Result<int> open_socket(int family) override;
  base::Result<int> open_event() override;
  void signal_event(int fd) override;

 private:
  io_uring ring_{};
  bool opened_ = false;
  int enter_fd_ = -1;
  unsigned enter_flags_ = 0;
};

// The flags of each rung of the ladder, best first; every rung adds R_DISABLED, CQSIZE and CLAMP. Exposed for its test.
std::span<const std::uint32_t> setup_ladder();

}  // namespace corering::ring
