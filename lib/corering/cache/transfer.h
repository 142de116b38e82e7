// Transfer: a device request carried to its end: short reads and writes are continued.
//
// Thread: owning core only. Lifetime: immovable, and alive until its handler is called.
#pragma once

#include <cerrno>
#include <cstdint>

#include "corering/cache/block_device.h"

namespace corering::cache {

class Transfer {
 public:
  // `error`: 0, or an errno value. EIO for a device that ends early.
  using Handler = void (*)(void* owner, int error);

  Transfer(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}

  template <auto kMember, typename Owner>
  static Transfer to(Owner* owner) noexcept {
    return {[](void* self, int error) { (static_cast<Owner*>(self)->*kMember)(error); }, owner};
  }

  void read(BlockDevice& device, std::uint64_t offset, base::MutableBytes into) {
    begin(device, offset, into);
    device.read(request_, offset, into);
  }
  void write(BlockDevice& device, std::uint64_t offset, base::MutableBytes from) {
    begin(device, offset, from);
    device.write(request_, offset, from);
  }
  void sync(BlockDevice& device) {
    begin(device, 0, {});
    device.sync(request_);
  }

  bool in_flight() const noexcept { return request_.in_flight(); }

 private:
  void begin(BlockDevice& device, std::uint64_t offset, base::MutableBytes bytes) noexcept {
    device_ = &device;
    offset_ = offset;
    left_ = bytes;
  }

  void on_result(std::int64_t result) {
    if (result < 0) return handler_(owner_, static_cast<int>(-result));
    const auto moved = static_cast<std::uint64_t>(result);
    if (moved >= left_.size()) return handler_(owner_, 0);
    // Nothing moved is the end of the file for a read; for a write it would be repeated for ever.
    if (moved == 0) return handler_(owner_, EIO);
    offset_ += moved;
    left_ = left_.subspan(moved);
    if (request_.kind() == DeviceRequest::Kind::read) {
      device_->read(request_, offset_, left_);
    } else {
      device_->write(request_, offset_, left_);
    }
  }

  Handler handler_;
  void* owner_;
  BlockDevice* device_ = nullptr;
  std::uint64_t offset_ = 0;
  base::MutableBytes left_;
  DeviceRequest request_ = DeviceRequest::to<&Transfer::on_result>(this);
};

}  // namespace corering::cache
