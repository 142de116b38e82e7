// Pin: keeps memory as it is while somebody refers to it: a reply that the kernel still sends, a view that a session still reads.
//
// What can be pinned (a segment, a large value, a buffer of the log) embeds a PinTarget. Its owner asks is_pinned() before he changes
// the memory; when he wants it back he calls retire(), and is told at once or when the last pin goes.
//
// Thread: owning core only. Lifetime: a target outlives its pins (asserted). Cost: one increment, one decrement; no allocation.
#pragma once

#include <cstdint>
#include <utility>

#include "corering/base/assert.h"

namespace corering::cache {

class PinTarget {
 public:
  // Called when the memory may be used for something else.
  using OnFree = void (*)(void* owner, PinTarget& target);

  PinTarget() = default;
  PinTarget(const PinTarget&) = delete;
  PinTarget& operator=(const PinTarget&) = delete;
  ~PinTarget() { CORERING_ASSERT(count_ == 0, "memory dies while it is pinned"); }

  bool is_pinned() const noexcept { return count_ != 0; }
  bool is_retired() const noexcept { return on_free_ != nullptr; }

  // Undoes retire() while a pin still holds it up. Requires: is_retired().
  void revive() noexcept { on_free_ = nullptr; }

  // Calls on_free(owner, *this): now, or when the last pin goes. Requires: the target is not retired already.
  void retire(OnFree on_free, void* owner) noexcept {
    CORERING_ASSERT(on_free_ == nullptr, "pinned memory is retired twice");
    if (count_ == 0) return on_free(owner, *this);
    on_free_ = on_free;
    owner_ = owner;
  }

 private:
  friend class Pin;

  void unpin() noexcept {
    if (--count_ == 0 && on_free_ != nullptr) std::exchange(on_free_, nullptr)(owner_, *this);
  }

  std::uint32_t count_ = 0;
  OnFree on_free_ = nullptr;
  void* owner_ = nullptr;
};

class Pin {
 public:
  Pin() = default;
  explicit Pin(PinTarget& target) noexcept : target_(&target) { ++target.count_; }
  Pin(Pin&& other) noexcept : target_(std::exchange(other.target_, nullptr)) {}
  Pin& operator=(Pin&& other) noexcept {
    std::swap(target_, other.target_);
    return *this;
  }
  ~Pin() {
    if (target_ != nullptr) target_->unpin();
  }

  explicit operator bool() const noexcept { return target_ != nullptr; }

 private:
  PinTarget* target_ = nullptr;
};

}  // namespace corering::cache
