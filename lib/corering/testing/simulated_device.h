// SimulatedDevice: a disk for tests of a cache: keeps what was synced; loses, tears, reorders, delays and refuses the rest as its seed
// says.
//
// Two images: what a process sees (`visible`), and what a power failure leaves: each block written since the last sync is there or
// not, or torn at any 512-byte sector, each on its own. Time passes only by advance(); poll() ends requests that are due, in any order.
//
// Thread: one. Lifetime: requests are over, or dropped by crash(), before it dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "corering/base/clock.h"
#include "corering/cache/block_device.h"
#include "corering/testing/random.h"

namespace corering::testing {

class SimulatedDevice final : public cache::BlockDevice {
 public:
  // Chances in 1000.
  struct Faults {
    unsigned short_transfer = 0;
    unsigned read_error = 0;   // EIO
    unsigned write_error = 0;  // EIO or ENOSPC; some of it may have been written
    unsigned sync_error = 0;   // EIO; and what was not synced counts as clean from then on, as Linux does it
    base::Duration latency_min{0};
    base::Duration latency_max{0};
  };

  enum class Failure : std::uint8_t {
    process,  // kill -9: what was written stays, what was under way is there or not, or in part
    power,    // only what was synced stays for certain
  };

  SimulatedDevice(std::uint64_t bytes, std::uint64_t seed);
  ~SimulatedDevice() override;

  void set_faults(const Faults& faults) noexcept { faults_ = faults; }

  std::uint64_t bytes() const noexcept override { return visible_.size(); }
  void poll() override;
  void advance(base::Duration duration) noexcept { now_ns_ += static_cast<std::uint64_t>(duration.count()); }

  std::size_t in_flight() const noexcept { return pending_.size(); }

  // When the next request is due; now if one is, or if there is none.
  base::Duration until_next() const noexcept;

  // The process, or the machine, dies: requests under way are dropped, their handlers never called.
  void crash(Failure failure);

  // What a process sees. Changing it is damage that a power failure undoes.
  std::vector<std::byte>& image() noexcept { return visible_; }

  // Changes bytes as a dying disk does: for good. Requires: they lie within the device.
  void damage(std::uint64_t offset, base::ByteView bytes) noexcept;

  std::uint64_t syncs() const noexcept { return syncs_; }
  std::uint64_t reads() const noexcept { return reads_; }
  std::uint64_t written_bytes() const noexcept { return written_bytes_; }

 protected:
  void start(cache::DeviceRequest& request) override;

 private:
  static constexpr std::size_t kSectorBytes = 512;

  struct Pending {
    cache::DeviceRequest* request;
    std::uint64_t due_ns;
  };

  std::int64_t carry_out(const cache::DeviceRequest& request);
  std::int64_t sync();
  void write(std::uint64_t offset, base::ByteView from);

  Random random_;
  Faults faults_;
  std::vector<std::byte> visible_;
  std::vector<std::byte> durable_;
  std::vector<bool> dirty_;  // sectors written since the last sync
  std::vector<std::size_t> dirty_list_;
  std::vector<Pending> pending_;
  std::uint64_t now_ns_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t written_bytes_ = 0;
};

}  // namespace corering::testing
