// ZeroCopySend: one zero-copy send, from its submission until the kernel has let go of the memory. ReleaseQueue: those of one
// connection.
//
// The result comes soon and lets the connection go on; the notification comes when the peer has acknowledged the bytes: a round
// trip later, or long after the connection was closed if the peer stalls. Until then the send holds the slices that it sent. A chunk
// of which one send took a part and the next the rest stays with the later of the two, so releases are taken in order.
//
// Thread: owning core only. Lifetime: both borrowed from the Transport's pools; a ReleaseQueue outlives its Sender if sends are left.
#pragma once

#include <cstddef>
#include <utility>

#include "corering/base/intrusive.h"
#include "corering/net/slice.h"
#include "corering/ring/completion.h"

namespace corering::net {

class ReleaseQueue;
class Sender;
class Transport;
class ZeroCopyTrial;
struct ZeroCopyTag;
struct ReleaseTag;

class ZeroCopySend : public base::ListHook<ZeroCopyTag> {
 public:
  explicit ZeroCopySend(ReleaseQueue& queue) : queue_(queue) {}

  ring::Completion& completion() noexcept { return completion_; }

  // Slices that were sent to their end, which nobody else needs any more.
  SliceQueue& held() noexcept { return held_; }

  // The kernel took bytes: its report says something.
  void set_sent() noexcept { sent_ = true; }
  bool has_sent() const noexcept { return sent_; }

  bool is_released() const noexcept { return !completion_.in_flight(); }

 private:
  void on_completion(ring::IoResult result);

  ReleaseQueue& queue_;
  bool sent_ = false;
  SliceQueue held_;
  ring::Completion completion_ = ring::Completion::to<&ZeroCopySend::on_completion>(this);
};

class ReleaseQueue : public base::ListHook<ReleaseTag> {
 public:
  ReleaseQueue(Transport& transport, Sender& sender, ZeroCopyTrial& listener_trial)
      : transport_(transport), sender_(&sender), listener_trial_(listener_trial) {}

  bool empty() const noexcept { return sends_.empty(); }

  // A send that is about to be submitted. nullptr without memory.
  ZeroCopySend* try_add();

  // The youngest: the one that is released last. Requires: !empty().
  ZeroCopySend& back() noexcept { return sends_.back(); }

  // Lets the send keep the slice until it is released. held_chunks: of all of them.
  void hold(ZeroCopySend& send, Slice slice) noexcept {
    send.held().push_back(std::move(slice));
    ++held_chunks_;
  }
  std::size_t held_chunks() const noexcept { return held_chunks_; }

  // Gives back what the kernel has let go of, oldest first.
  void release_in_order() noexcept;

  // The sender goes; the queue goes with its last send.
  void leave_alone() noexcept;

  // The ring is closed to us: gives back all that is left without waiting. The kernel has its own references to the pages.
  void abandon() noexcept;

 private:
  friend class ZeroCopySend;

  void on_completion(ZeroCopySend& send, ring::IoResult result);
  void on_report(const ZeroCopySend& send, ring::IoResult result);

  Transport& transport_;
  Sender* sender_;  // nullptr: left alone
  ZeroCopyTrial& listener_trial_;
  std::size_t held_chunks_ = 0;
  base::List<ZeroCopySend, ZeroCopyTag> sends_;
};

}  // namespace corering::net
