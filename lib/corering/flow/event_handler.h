// EventHandler: who wants to see the events of one type, and in which order.
//
// Embedded in its owner like a Timer or a Completion, so subscribing allocates nothing and unsubscribing is O(1). Handlers are put
// in order when they subscribe; publishing sorts nothing.
//
//   class Ledger {
//     void on_fill(const OrderFilled& fill);
//     flow::EventHandler<OrderFilled> fills_ = flow::EventHandler<OrderFilled>::to<&Ledger::on_fill>(this);
//   };
//
// Thread: owning core only. Lifetime: unsubscribed before it dies (its hook asserts it), or outlives the bus.
#pragma once

#include <cstddef>
#include <cstdint>

#include "corering/base/intrusive.h"

namespace corering::flow {

struct EventHandlerTag;

template <typename Event>
class EventHandlerList;

template <typename Event>
class EventHandler : public base::ListHook<EventHandlerTag> {
 public:
  using Function = void (*)(void* owner, const Event& event);

  EventHandler(Function function, void* owner) noexcept : function_(function), owner_(owner) {}

  template <auto kMember, typename Owner>
  static EventHandler to(Owner* owner) noexcept {
    return {[](void* self, const Event& event) { (static_cast<Owner*>(self)->*kMember)(event); }, owner};
  }

  bool is_subscribed() const noexcept { return this->is_linked(); }

 private:
  friend class EventHandlerList<Event>;

  Function function_;
  void* owner_;
  std::int32_t priority_ = 0;
};

// The handlers of one type of event, highest priority first; equal ones in the order in which they subscribed.
template <typename Event>
class EventHandlerList {
 public:
  EventHandlerList() = default;
  EventHandlerList(const EventHandlerList&) = delete;
  EventHandlerList& operator=(const EventHandlerList&) = delete;
  ~EventHandlerList() { handlers_.clear(); }

  // Cost: O(handlers of this type). A handler that joins while an event is delivered sees that event if its place is still to come.
  void add(EventHandler<Event>& handler, std::int32_t priority) noexcept {
    CORERING_ASSERT(!handler.is_subscribed(), "an event handler subscribes twice");
    handler.priority_ = priority;
    auto place = handlers_.begin();
    while (place != handlers_.end() && place->priority_ >= priority) ++place;
    // The one that would have been next is no longer, if the new one stands right before it.
    const bool is_next = is_delivering_ && place == next_;
    const auto added = handlers_.insert(place, handler);
    if (is_next) next_ = added;
  }

  // It is not called any more, not even for an event that is being delivered.
  void remove(EventHandler<Event>& handler) noexcept {
    if (!handler.is_subscribed()) return;
    const auto place = handlers_.iterator_to(handler);
    const bool is_next = is_delivering_ && place == next_;
    const auto after = handlers_.erase(place);
    if (is_next) next_ = after;
  }

  // Calls all in order; returns how many. Handlers may subscribe and unsubscribe any, themselves included.
  std::size_t deliver(const Event& event) {
    std::size_t count = 0;
    is_delivering_ = true;
    next_ = handlers_.begin();
    while (next_ != handlers_.end()) {
      EventHandler<Event>& handler = *next_;
      ++next_;
      ++count;
      handler.function_(handler.owner_, event);
    }
    is_delivering_ = false;
    return count;
  }

 private:
  using Handlers = base::List<EventHandler<Event>, EventHandlerTag>;

  Handlers handlers_;
  typename Handlers::iterator next_;  // while an event is delivered: whose turn is next
  bool is_delivering_ = false;
};

}  // namespace corering::flow
