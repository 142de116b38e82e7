#include "corering/cache/posix_device.h"

#include <unistd.h>

#include <cerrno>

namespace corering::cache {

PosixDevice::~PosixDevice() { CORERING_ASSERT(waiting_.empty(), "a device dies with requests"); }

void PosixDevice::poll() {
  current_.swap(waiting_);
  for (DeviceRequest* request : current_) request->finish(carry_out(*request));
  current_.clear();
}

std::int64_t PosixDevice::carry_out(const DeviceRequest& request) const noexcept {
  const base::MutableBytes bytes = request.bytes();
  const auto offset = static_cast<off_t>(request.offset());
  for (;;) {
    std::int64_t result = 0;
    switch (request.kind()) {
      case DeviceRequest::Kind::read: result = ::pread(fd_, bytes.data(), bytes.size(), offset); break;
      case DeviceRequest::Kind::write: result = ::pwrite(fd_, bytes.data(), bytes.size(), offset); break;
      case DeviceRequest::Kind::sync: return ::fdatasync(fd_) == 0 ? 0 : -errno;
    }
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace corering::cache
