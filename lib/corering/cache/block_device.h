// BlockDevice: where the cold part of the log lies, as the cache sees it: asynchronous reads, writes and syncs of a range of bytes.
//
// Narrow on purpose: no ring, no descriptor, no path. The same log runs on an io_uring ring (RingDevice), on plain calls (PosixDevice)
// and on a simulated disk that loses, tears and delays (testing::SimulatedDevice).
//
// A request is embedded in whoever starts it and stays where it is until its handler is called; so do its bytes. Requests may end in
// any order, and writes reach the disk in any order: only a sync that ends well says that everything that had ended before it was
// started is durable.
//
// Thread: owning core only.
#pragma once

#include <cstdint>

#include "corering/base/assert.h"
#include "corering/base/bytes.h"

namespace corering::cache {

class DeviceRequest {
 public:
  // `result`: bytes moved, which may be fewer than asked for (0 for a read: beyond the end), or -errno. 0 for a sync.
  using Handler = void (*)(void* owner, std::int64_t result);

  enum class Kind : std::uint8_t { read, write, sync };

  DeviceRequest(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}
  DeviceRequest(const DeviceRequest&) = delete;
  DeviceRequest& operator=(const DeviceRequest&) = delete;
  ~DeviceRequest() { CORERING_ASSERT(!in_flight_, "a request is destroyed while the device holds it"); }

  template <auto kMember, typename Owner>
  static DeviceRequest to(Owner* owner) noexcept {
    return {[](void* self, std::int64_t result) { (static_cast<Owner*>(self)->*kMember)(result); }, owner};
  }

  bool in_flight() const noexcept { return in_flight_; }
  Kind kind() const noexcept { return kind_; }
  std::uint64_t offset() const noexcept { return offset_; }
  base::MutableBytes bytes() const noexcept { return bytes_; }  // a write only reads them

  // For devices: the request is over. The owner may start it again, or be gone, when this returns.
  void finish(std::int64_t result) {
    CORERING_ASSERT(in_flight_, "a request ends that was not started");
    in_flight_ = false;
    handler_(owner_, result);
  }

  // For simulated devices: the process that waited for it is dead. Its handler is never called.
  void drop() noexcept { in_flight_ = false; }

 private:
  friend class BlockDevice;

  Handler handler_;
  void* owner_;
  std::uint64_t offset_ = 0;
  base::MutableBytes bytes_;
  Kind kind_ = Kind::read;
  bool in_flight_ = false;
};

class BlockDevice {
 public:
  virtual ~BlockDevice() = default;

  // Starts a request. Its handler is called later, never from inside these.
  void read(DeviceRequest& request, std::uint64_t offset, base::MutableBytes into) {
    launch(request, DeviceRequest::Kind::read, offset, into);
  }
  void write(DeviceRequest& request, std::uint64_t offset, base::MutableBytes from) {
    launch(request, DeviceRequest::Kind::write, offset, from);
  }
  void sync(DeviceRequest& request) { launch(request, DeviceRequest::Kind::sync, 0, {}); }

  virtual std::uint64_t bytes() const noexcept = 0;

  // Ends requests that no event loop ends. May block (PosixDevice); does nothing for a device that has a loop.
  virtual void poll() {}

 protected:
  virtual void start(DeviceRequest& request) = 0;

 private:
  void launch(DeviceRequest& request, DeviceRequest::Kind kind, std::uint64_t offset, base::MutableBytes bytes) {
    CORERING_ASSERT(!request.in_flight_, "a request is started twice");
    request.kind_ = kind;
    request.offset_ = offset;
    request.bytes_ = bytes;
    request.in_flight_ = true;
    start(request);
  }
};

}  // namespace corering::cache
