#include "corering/cache/ring_device.h"

#include <cerrno>

#include "corering/ring/operations.h"

namespace corering::cache {

void RingDevice::start(DeviceRequest& request) {
  Operation* const operation = operations_.try_borrow(*this, request);
  CORERING_ASSERT(operation != nullptr, "more requests of a device than any log starts");
  ring::Sqe& sqe = ring_.require_sqe(operation->completion);
  const ring::FileRef file{fd_, ring::FileRef::Kind::descriptor};
  if (request.kind() == DeviceRequest::Kind::sync) return ring::prepare_sync_data(sqe, file);
  const auto buffer = buffers_.index_of(request.bytes());
  if (buffer) ++fixed_;
  if (request.kind() == DeviceRequest::Kind::read) {
    ring::prepare_read_at(sqe, file, request.bytes(), request.offset(), buffer);
  } else {
    ring::prepare_write_at(sqe, file, request.bytes(), request.offset(), buffer);
  }
}

void RingDevice::on_result(Operation& operation, ring::IoResult result) {
  DeviceRequest& request = operation.request;
  operations_.give_back(operation);
  // Interrupted is not failed: it starts again.
  if (result.value == -EINTR || result.value == -EAGAIN) return start(request);
  request.finish(result.value);
}

}  // namespace corering::cache
