#include "kv/store/home_device.h"

#include <utility>

#include "corering/base/assert.h"

namespace kv {

using corering::cache::DeviceRequest;

void HomeDevice::start(DeviceRequest& request) {
  if (is_home_) return launch(request);
  waiting_.push_back(&request);
}

void HomeDevice::launch(DeviceRequest& request) {
  Operation* const operation = operations_.try_borrow(*this, request);
  CORERING_ASSERT(operation != nullptr, "more requests of a device than any log starts");
  switch (request.kind()) {
    case DeviceRequest::Kind::read: return device_->read(operation->inner, request.offset(), request.bytes());
    case DeviceRequest::Kind::write: return device_->write(operation->inner, request.offset(), request.bytes());
    case DeviceRequest::Kind::sync: return device_->sync(operation->inner);
  }
}

void HomeDevice::on_end(Operation& operation, std::int64_t result) {
  DeviceRequest& request = operation.request;
  operations_.give_back(operation);
  if (!is_home_) return ended_.push_back({&request, result});
  tell(request, result);
}

void HomeDevice::tell(DeviceRequest& request, std::int64_t result) {
  is_telling_ = true;
  request.finish(result);
  is_telling_ = false;
  if (on_end_ != nullptr) on_end_(owner_);
}

void HomeDevice::come_home() {
  is_home_ = true;
  for (DeviceRequest* request : std::exchange(waiting_, {})) launch(*request);
  for (const Ended& end : std::exchange(ended_, {})) tell(*end.request, end.result);
}

}  // namespace kv
