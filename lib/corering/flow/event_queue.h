// EventQueue: events of several types in one queue, in the order in which they were published.
//
// A ring of slots, each as large as the largest event, taken from the heap once. Which type a slot holds is an index into the list
// of types, so taking an event out is a comparison and no virtual call.
//
// Thread: owning core only. Cost: push and pop O(1), no allocation. Events are moved in and destroyed in place.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "corering/base/assert.h"

namespace corering::flow {

namespace internal {

// The place of Event in Events, or their number if it is none of them.
template <typename Event, typename... Events>
constexpr std::size_t index_of() {
  constexpr bool is_same[] = {std::is_same_v<Event, Events>...};
  return static_cast<std::size_t>(std::find(std::begin(is_same), std::end(is_same), true) - std::begin(is_same));
}

}  // namespace internal

template <typename... Events>
class EventQueue {
  static_assert(sizeof...(Events) > 0 && sizeof...(Events) < 256, "a bus carries 1 to 255 types of events");
  static_assert((std::is_nothrow_move_constructible_v<Events> && ...), "events are moved into the queue, which may not throw");

 public:
  template <typename Event>
  static constexpr std::size_t kIndex = internal::index_of<Event, Events...>();

  // `capacity`: events, rounded up to a power of two.
  explicit EventQueue(std::size_t capacity)
      : mask_(std::bit_ceil(std::max(capacity, std::size_t{1})) - 1), slots_(std::make_unique_for_overwrite<Slot[]>(mask_ + 1)) {}
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;
  ~EventQueue() {
    while (!empty()) pop();
  }

  bool empty() const noexcept { return head_ == tail_; }
  std::size_t size() const noexcept { return tail_ - head_; }
  std::size_t capacity() const noexcept { return mask_ + 1; }

  // False if it is full.
  template <typename Event>
  bool try_push(Event&& event) noexcept {
    using Stored = std::remove_cvref_t<Event>;
    if (size() > mask_) return false;
    Slot& slot = slots_[tail_ & mask_];
    slot.index = static_cast<std::uint8_t>(kIndex<Stored>);
    new (slot.storage) Stored(std::forward<Event>(event));
    ++tail_;
    return true;
  }

  // Calls visit(event) for the oldest event, which stays where it is. Requires: !empty().
  template <typename Visit>
  void visit_front(Visit&& visit) {
    with_front([&visit](auto& event) { visit(std::as_const(event)); });
  }

  // Destroys the oldest event. Requires: !empty().
  void pop() noexcept {
    if constexpr (!(std::is_trivially_destructible_v<Events> && ...)) {
      with_front([](auto& event) { std::destroy_at(&event); });
    }
    ++head_;
  }

 private:
  struct Slot {
    std::uint8_t index;
    alignas(Events...) std::byte storage[std::max({sizeof(Events)...})];
  };

  template <typename Visit>
  void with_front(Visit&& visit) {
    Slot& slot = slots_[head_ & mask_];
    // One comparison per type, until one fits.
    static_cast<void>(
        ((slot.index == kIndex<Events> && (visit(*std::launder(reinterpret_cast<Events*>(slot.storage))), true)) || ...));
  }

  const std::size_t mask_;
  std::unique_ptr<Slot[]> slots_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace corering::flow
