// HomeDevice: the file of a keyspace that is lent now and then.
//
// A ring belongs to one core's thread, and a cache to one thread at a time. So while the keyspace is with a borrower, what its cache wants
// of the file waits, and what the file has to say to the cache waits, too; both go on when the keyspace comes home.
//
// Thread: home; requests may also be started by a borrower, while the keyspace is lent to it. Lifetime: outlives the cache; no request is
// left when it dies. Cost: a pooled operation per request.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "corering/cache/block_device.h"
#include "corering/mem/object_pool.h"

namespace kv {

class HomeDevice final : public corering::cache::BlockDevice {
 public:
  explicit HomeDevice(std::unique_ptr<corering::cache::BlockDevice> device) : device_(std::move(device)) {}

  std::uint64_t bytes() const noexcept override { return device_->bytes(); }
  void poll() override {
    if (is_home_) device_->poll();
  }

  // Called, at home, when a request has ended: the cache may have something to do. Once, before any request.
  void set_on_end(void (*handler)(void* owner), void* owner) noexcept {
    on_end_ = handler;
    owner_ = owner;
  }

  // The keyspace goes. Requires: it is at home.
  void leave() noexcept { is_home_ = false; }
  // It is back.
  void come_home();

  // The cache is being told of a request's end: it is in the middle of something, and cannot be lent.
  bool is_telling() const noexcept { return is_telling_; }

  // That the kernel has.
  std::size_t in_flight() const noexcept { return operations_.live(); }

 protected:
  void start(corering::cache::DeviceRequest& request) override;

 private:
  // Far above what a log has under way.
  static constexpr std::size_t kOperationsMax = 65536;

  struct Operation {
    Operation(HomeDevice& owner, corering::cache::DeviceRequest& wanted) : device(owner), request(wanted) {}
    void on_end(std::int64_t result) { device.on_end(*this, result); }

    HomeDevice& device;
    corering::cache::DeviceRequest& request;
    corering::cache::DeviceRequest inner = corering::cache::DeviceRequest::to<&Operation::on_end>(this);
  };
  struct Ended {
    corering::cache::DeviceRequest* request;
    std::int64_t result;
  };

  void launch(corering::cache::DeviceRequest& request);
  void on_end(Operation& operation, std::int64_t result);
  void tell(corering::cache::DeviceRequest& request, std::int64_t result);

  const std::unique_ptr<corering::cache::BlockDevice> device_;
  bool is_home_ = true;
  bool is_telling_ = false;
  void (*on_end_)(void* owner) = nullptr;
  void* owner_ = nullptr;
  std::vector<corering::cache::DeviceRequest*> waiting_;  // the borrower's, while it is away
  std::vector<Ended> ended_;                              // home's
  corering::mem::ObjectPool<Operation> operations_{{.live_max = kOperationsMax, .room = corering::mem::Room::app}};
};

}  // namespace kv
