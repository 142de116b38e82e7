// RingDevice: a file as a BlockDevice on a ring: nothing blocks, completions come with the turn's others.
//
// Memory that lies in the registered arena is read and written as a fixed buffer, which spares the kernel pinning its pages each time;
// other memory works as well. Reads of what the page cache holds complete inside the turn's enter; others when the disk answers, and
// buffered writes by a worker thread of the kernel where the file system cannot do better (ext4). No mapping of the file is ever touched,
// so no core can meet a page that is not there.
//
// Thread: owning core only. Lifetime: ring, buffers and descriptor outlive it; no request is left when it dies.
// Kernel: 5.1 for all three operations. Cost: no system call of its own, no allocation in a warm pool.
#pragma once

#include <cstdint>

#include "corering/cache/block_device.h"
#include "corering/mem/object_pool.h"
#include "corering/ring/completion.h"
#include "corering/ring/registered_buffers.h"
#include "corering/ring/ring.h"

namespace corering::cache {

class RingDevice final : public BlockDevice {
 public:
  // Of a core: Core::ring(), Core::registered_buffers(). `fd`: e.g. LogFile::fd(). `bytes`: how long the file is.
  RingDevice(ring::Ring& ring, ring::RegisteredBuffers& buffers, int fd, std::uint64_t bytes)
      : ring_(ring), buffers_(buffers), fd_(fd), bytes_(bytes) {}

  std::uint64_t bytes() const noexcept override { return bytes_; }
  std::size_t in_flight() const noexcept { return operations_.live(); }
  std::uint64_t fixed_transfers() const noexcept { return fixed_; }

 protected:
  void start(DeviceRequest& request) override;

 private:
  // Far above what a log has under way: reads_in_flight_max and some writes.
  static constexpr std::size_t kOperationsMax = 65536;

  struct Operation {
    Operation(RingDevice& owner, DeviceRequest& what) : device(owner), request(what) {}
    void on_result(ring::IoResult result) { device.on_result(*this, result); }

    RingDevice& device;
    DeviceRequest& request;
    ring::Completion completion = ring::Completion::to<&Operation::on_result>(this);
  };

  void on_result(Operation& operation, ring::IoResult result);

  ring::Ring& ring_;
  ring::RegisteredBuffers& buffers_;
  const int fd_;
  const std::uint64_t bytes_;
  std::uint64_t fixed_ = 0;
  mem::ObjectPool<Operation> operations_{{.live_max = kOperationsMax, .room = mem::Room::cache}};
};

}  // namespace corering::cache
