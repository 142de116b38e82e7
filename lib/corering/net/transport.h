// Transport: what all connections of one core have in common: the core, limits, counters, slices, and who waits for chunks.
//
// Thread: owning core only. Lifetime: owned by the Server or Dialer, outlives its connections.
#pragma once

#include <string>

#include "corering/base/intrusive.h"
#include "corering/net/counters.h"
#include "corering/net/limits.h"
#include "corering/net/slice.h"
#include "corering/net/zero_copy_send.h"
#include "corering/ring/operations.h"
#include "corering/runtime/core.h"

namespace corering::net {

class Receiver;
struct StarvedTag;

class Transport {
 public:
  // `counter_prefix`: see register_counters.
  Transport(runtime::Core& core, const Limits& limits, const std::string& counter_prefix = {});
  ~Transport();

  runtime::Core& core() noexcept { return core_; }
  ring::Ring& ring() noexcept { return core_.ring(); }
  const Limits& limits() const noexcept { return limits_; }
  Counters& counters() noexcept { return counters_; }
  SlicePool& slices() noexcept { return slices_; }

  // Limits' policy, as far as this kernel and these sockets can do it.
  const SendPolicy& send_policy() const noexcept { return send_policy_; }
  ring::UsageReport usage_report() const noexcept { return usage_report_; }
  mem::ObjectPool<ZeroCopySend>& zero_copy_sends() noexcept { return zero_copy_sends_; }
  ReleaseQueue* try_borrow_release_queue(Sender& sender, ZeroCopyTrial& listener_trial);  // nullptr without memory
  void give_back(ReleaseQueue& queue) noexcept;

  // Takes back what the kernel still holds of connections that are gone. Requires: the ring is used no more.
  void abandon_zero_copy_sends() noexcept;

  // The receiver found no chunk: it is fed when chunks come home, first come first served. Never by timer: nobody knows when.
  void starve(Receiver& receiver) noexcept;

  // The starved receiver's socket takes replies: it may have a chunk of the reserve.
  void feed_reserved(Receiver& receiver) noexcept;

  // Does nothing if it does not wait for chunks.
  void forget(Receiver& receiver) noexcept;

 private:
  void resolve_send_policy() noexcept;
  void feed();
  void feed_from_reserve();

  runtime::Core& core_;
  const Limits limits_;
  Counters counters_;
  SendPolicy send_policy_;
  ring::UsageReport usage_report_ = ring::UsageReport::without;
  SlicePool slices_;
  mem::ObjectPool<ZeroCopySend> zero_copy_sends_{{.room = mem::Room::net}};
  mem::ObjectPool<ReleaseQueue> release_queue_pool_{{.room = mem::Room::net}};
  base::List<ReleaseQueue, ReleaseTag> release_queues_;
  base::List<Receiver, StarvedTag> starved_;
  base::List<Receiver, StarvedTag> writable_;  // starved, and known to have a peer that reads
  runtime::Flushable feeding_ = runtime::Flushable::to<&Transport::feed>(this);
};

}  // namespace corering::net
