// Flushable: something that has to act once before the turn's enter.
//
// A connection may be written to many times in a turn; its bytes leave with one send, prepared here. Joining the list twice is
// joining once.
// Thread: owning core only. Lifetime: leaves the list before it dies (its hook asserts it).
#pragma once

#include "corering/base/intrusive.h"

namespace corering::runtime {

struct FlushTag;

class Flushable : public base::ListHook<FlushTag> {
 public:
  using Handler = void (*)(void* owner);

  Flushable(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}

  template <auto kMember, typename Owner>
  static Flushable to(Owner* owner) noexcept {
    return {[](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

 private:
  friend class FlushList;

  Handler handler_;
  void* owner_;
};

class FlushList {
 public:
  FlushList() = default;
  ~FlushList() { waiting_.clear(); }

  void add(Flushable& flushable) noexcept {
    if (!flushable.is_linked()) waiting_.push_back(flushable);
  }
  void remove(Flushable& flushable) noexcept {
    if (flushable.is_linked()) waiting_.erase(waiting_.iterator_to(flushable));
  }
  bool empty() const noexcept { return waiting_.empty(); }

  // Runs those that wait now; what joins meanwhile waits for the next turn.
  void run() {
    base::List<Flushable, FlushTag> current;
    current.swap(waiting_);
    while (!current.empty()) {
      Flushable& next = current.front();
      current.pop_front();
      next.handler_(next.owner_);
    }
  }

 private:
  base::List<Flushable, FlushTag> waiting_;
};

}  // namespace corering::runtime
