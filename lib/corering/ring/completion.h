// Completion: the place where an operation's result arrives, embedded in whoever started the operation.
//
// Its address travels through the kernel as user_data, so starting and finishing an operation allocates nothing and looks nothing
// up. The price is a rule: the owner stays where it is, alive, until the terminal completion; the destructor asserts it.
//
//   class Receiver {
//     void on_receive(ring::IoResult result);
//     ring::Completion completion_ = ring::Completion::to<&Receiver::on_receive>(this);
//   };
//
// Thread: owning core only.
#pragma once

#include <cstdint>

#include "corering/base/assert.h"
#include "corering/ring/kernel_abi.h"

namespace corering::ring {

// What the kernel reports of an operation.
struct IoResult {
  std::int32_t value = 0;   // bytes, a descriptor, ... or -errno
  std::uint32_t flags = 0;  // IORING_CQE_F_*

  bool failed() const noexcept { return value < 0; }
  // The operation stays armed (multishot), or its memory is still held (zero-copy send): further completions follow.
  bool more() const noexcept { return (flags & IORING_CQE_F_MORE) != 0; }
  bool has_buffer() const noexcept { return (flags & IORING_CQE_F_BUFFER) != 0; }
  std::uint16_t buffer_id() const noexcept { return static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT); }
  // The kernel has let go of the memory of a zero-copy send.
  bool is_notification() const noexcept { return (flags & IORING_CQE_F_NOTIF) != 0; }
};

class Completion {
 public:
  using Handler = void (*)(void* owner, IoResult result);

  Completion(Handler handler, void* owner) noexcept : handler_(handler), owner_(owner) {}

  // A completion that calls a member function of its owner.
  template <auto kMember, typename Owner>
  static Completion to(Owner* owner) noexcept {
    return {[](void* self, IoResult result) { (static_cast<Owner*>(self)->*kMember)(result); }, owner};
  }

  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  ~Completion() { CORERING_ASSERT(!in_flight_ && !adopted_, "a completion is destroyed while the kernel holds it"); }

  // True from the preparation of its operation until the terminal completion has been dispatched.
  bool in_flight() const noexcept { return in_flight_; }

 private:
  friend class Ring;

  Handler handler_;
  void* owner_;
  bool in_flight_ = false;
  bool adopted_ = false;  // receives messages of other rings: never terminal
};

}  // namespace corering::ring
