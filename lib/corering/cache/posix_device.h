// PosixDevice: a file as a BlockDevice, by plain pread, pwrite and fdatasync: for tools, tests and programs without a ring.
//
// Requests wait until poll(), which carries them out one after the other and blocks meanwhile.
//
// Thread: owning core only. Lifetime: the descriptor outlives it; no request is left when it dies.
#pragma once

#include <cstdint>
#include <vector>

#include "corering/cache/block_device.h"

namespace corering::cache {

class PosixDevice final : public BlockDevice {
 public:
  // `bytes`: how long the file is.
  PosixDevice(int fd, std::uint64_t bytes) : fd_(fd), bytes_(bytes) {}
  ~PosixDevice() override;

  std::uint64_t bytes() const noexcept override { return bytes_; }

  // Carries out what had been started before the call. Cost: a system call per request.
  void poll() override;

  bool is_idle() const noexcept { return waiting_.empty(); }

 protected:
  void start(DeviceRequest& request) override { waiting_.push_back(&request); }

 private:
  std::int64_t carry_out(const DeviceRequest& request) const noexcept;

  const int fd_;
  const std::uint64_t bytes_;
  std::vector<DeviceRequest*> waiting_;
  std::vector<DeviceRequest*> current_;
};

}  // namespace corering::cache
