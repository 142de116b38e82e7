// Mailbox: messages from one core to one other.
//
// A single-producer single-consumer ring. The sender writes messages all through its turn and publishes them with one store at
// the end of it; the receiver takes what is published, a bounded number per turn. No lock, no shared cache line but the two
// indices.
//
// Full: the sender may wait for room, asleep. It says so (set_sender_waits), then that it sleeps, then looks for room; the receiver
// makes room, then looks whether the sender waits, then whether it sleeps. All sequentially consistent: one of them sees the other.
//
// Thread: try_push, publish, has_room, set_sender_waits: the sending core; take, sender_waits: the receiving core. Cost: no allocation
// after construction, no system call.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#include "corering/base/cache_line.h"

namespace corering::runtime {

class Core;

// A function to run on the receiving core, and up to 56 bytes for it: references, never bulk data.
class Message {
 public:
  using Handler = void (*)(Core& here, const Message& message);
  static constexpr std::size_t kPayloadBytes = 56;

  Message() = default;

  template <typename Payload>
    requires std::is_trivially_copyable_v<Payload> && (sizeof(Payload) <= kPayloadBytes)
  Message(Handler handler, const Payload& payload) noexcept : handler_(handler) {
    std::memcpy(payload_.data(), static_cast<const void*>(&payload), sizeof(Payload));
  }

  template <typename Payload>
  Payload payload() const noexcept {
    Payload payload;
    std::memcpy(static_cast<void*>(&payload), payload_.data(), sizeof(Payload));
    return payload;
  }

  void run(Core& here) const { handler_(here, *this); }

 private:
  Handler handler_;
  alignas(8) std::array<std::byte, kPayloadBytes> payload_;
};
static_assert(sizeof(Message) == base::kCacheLineBytes, "a message fills one cache line");

class Mailbox {
 public:
  static constexpr std::size_t kCapacity = 1024;  // a power of two

  // The slots stay untouched, so that the mailboxes of cores that never talk to each other cost no memory.
  Mailbox() : slots_(std::make_unique_for_overwrite<Message[]>(kCapacity)) {}

  // False if the receiver is a full ring behind: the sender keeps the message or drops it, and counts.
  bool try_push(const Message& message) noexcept {
    if (next_ - taken_seen_ == kCapacity) {
      taken_seen_ = taken_.load(std::memory_order_acquire);
      if (next_ - taken_seen_ == kCapacity) return false;
    }
    slots_[next_++ % kCapacity] = message;
    return true;
  }

  bool has_room() const noexcept { return next_ - taken_.load(std::memory_order_seq_cst) != kCapacity; }

  void set_sender_waits(bool waits) noexcept { sender_waits_.store(waits, std::memory_order_seq_cst); }
  bool sender_waits() const noexcept { return sender_waits_.load(std::memory_order_seq_cst); }

  // Shows the receiver what was pushed; true if there was anything new.
  bool publish() noexcept {
    if (published_.load(std::memory_order_relaxed) == next_) return false;
    published_.store(next_, std::memory_order_seq_cst);
    return true;
  }

  bool empty() const noexcept { return taken_.load(std::memory_order_relaxed) == published_.load(std::memory_order_seq_cst); }

  // Calls handle(message) for at most count_max messages; returns how many.
  template <typename Handle>
  std::size_t take(std::size_t count_max, Handle&& handle) {
    const std::uint64_t first = taken_.load(std::memory_order_relaxed);
    const std::uint64_t available = published_.load(std::memory_order_acquire) - first;
    const std::size_t count = available < count_max ? static_cast<std::size_t>(available) : count_max;
    for (std::size_t index = 0; index < count; ++index) handle(slots_[(first + index) % kCapacity]);
    if (count != 0) taken_.store(first + count, std::memory_order_seq_cst);
    return count;
  }

 private:
  std::unique_ptr<Message[]> slots_;
  // The sender's line, the receiver's line.
  alignas(base::kCacheLineBytes) std::atomic<std::uint64_t> published_{0};
  std::atomic<bool> sender_waits_{false};
  std::uint64_t next_ = 0;
  std::uint64_t taken_seen_ = 0;
  alignas(base::kCacheLineBytes) std::atomic<std::uint64_t> taken_{0};
};

}  // namespace corering::runtime
