// ZeroCopySend: one zero-copy send, from its submission until the kernel has let go of the memory.
//
// The result comes soon and lets the connection go on; the notification comes when the peer has acknowledged the bytes, a round
// trip later or, if the peer stalls, at the end of the connection. Until then this object holds the slices that were sent.
//
// Thread: owning core only. Lifetime: borrowed from the Transport's pool by a Sender, given back at the notification.
#pragma once

#include "corering/base/intrusive.h"
#include "corering/net/slice.h"
#include "corering/ring/completion.h"

namespace corering::net {

class Sender;
struct ZeroCopyTag;

class ZeroCopySend : public base::ListHook<ZeroCopyTag> {
 public:
  explicit ZeroCopySend(Sender& sender) : sender_(sender) {}

  ring::Completion& completion() noexcept { return completion_; }

  // Slices that were sent to their end, which nobody else needs any more.
  SliceQueue& held() noexcept { return held_; }

  bool is_released() const noexcept { return !completion_.in_flight(); }

 private:
  void on_completion(ring::IoResult result);

  Sender& sender_;
  SliceQueue held_;
  ring::Completion completion_ = ring::Completion::to<&ZeroCopySend::on_completion>(this);
};

}  // namespace corering::net
