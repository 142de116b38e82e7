// Exchange: what all cores have in common: the mailboxes between them, who is to be woken, and the fleet of their schedulers.
//
// The order that makes sleeping safe: a sender publishes first and then looks whether the receiver is parked; a receiver says
// that it is parked first and then looks for messages. Both sides are sequentially consistent, so at least one of them sees the
// other. Waking costs a system call or a submission, and happens only if the receiver sleeps.
//
// Thread: each function names its core. Lifetime: outlives the cores.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "corering/base/strong_id.h"
#include "corering/runtime/mailbox.h"
#include "corering/sched/fleet.h"

namespace corering::runtime {

using CoreId = base::StrongId<struct CoreTag, std::uint16_t>;

class Exchange {
 public:
  // `cores`: 1 to 65535.
  explicit Exchange(std::uint32_t cores);

  std::uint16_t cores() const noexcept { return static_cast<std::uint16_t>(parked_.size()); }

  Mailbox& mailbox(CoreId from, CoreId to) noexcept { return *mailboxes_[std::size_t{from.value} * cores() + to.value]; }

  sched::Fleet& fleet() noexcept { return fleet_; }

  // The core's loop has ended: it takes no more messages, and all that it ever sent is published. Called by that core, once.
  void note_left(CoreId here) noexcept {
    left_[here.value].flag.store(true, std::memory_order_release);
    left_count_.fetch_add(1, std::memory_order_release);
  }
  bool has_left(CoreId core) const noexcept { return left_[core.value].flag.load(std::memory_order_acquire); }
  bool has_anybody_left() const noexcept { return left_count_.load(std::memory_order_acquire) != 0; }

  // Receiver: about to sleep. False if a message is there already: do not sleep.
  bool try_park(CoreId here) noexcept;

  // Receiver: awake again.
  void unpark(CoreId here) noexcept { parked_[here.value].flag.store(false, std::memory_order_relaxed); }

  // Sender, after publishing to `to`: true if `to` sleeps and this caller is the one who wakes it.
  bool claim_wake(CoreId to) noexcept {
    return parked_[to.value].flag.load(std::memory_order_seq_cst) &&
           parked_[to.value].flag.exchange(false, std::memory_order_seq_cst);
  }

 private:
  struct alignas(base::kCacheLineBytes) Flag {
    std::atomic<bool> flag{false};
  };

  std::vector<std::unique_ptr<Mailbox>> mailboxes_;  // [from * cores + to]
  std::vector<Flag> parked_;
  std::vector<Flag> left_;
  std::atomic<std::uint32_t> left_count_{0};
  sched::Fleet fleet_;
};

}  // namespace corering::runtime
