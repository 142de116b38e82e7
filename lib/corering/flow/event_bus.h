// EventBus: events of types fixed at compile time, from whoever publishes them to whoever has subscribed.
//
// Publishing puts an event into the queue of this core, or of every core; a later piece of work shows it to the handlers of its type,
// highest priority first. A publisher never runs a handler, so a handler may publish in its turn without recursion. At most
// batch_events_max events are shown in one turn of the loop: I/O keeps its share however many events there are.
//
//   using Bus = flow::EventBus<OrderFilled, PriceMoved>;
//
//   // Before any core runs:                  // On a core:
//   flow::EventBusGroup<Bus> group(cores);    bus.subscribe(fills_, 10);
//   Bus bus(core, {}, &group);                bus.try_publish_to_all(OrderFilled{...});
//
// Order: the events that one core publishes arrive at every core in their order; between publishers on different cores there is none.
// Full: an event that finds a queue full is refused, whoever publishes it is told, and it is counted: as refused by the publisher, or as
// dropped by the other core that had taken it out of its mailbox and had no room. Nothing that is in a queue is ever dropped for another.
//
// For news that several parts of a program want; what has one receiver that may lag is a BatchStream.
//
// Thread: owning core only; made before the cores run if it has a group. Lifetime: the core, and the group, outlive it; handlers
// unsubscribe before they die. Events still queued when it dies are destroyed unseen: a service is idle only when its bus is empty().
// Cost: no lock, no allocation after construction; figures in bench/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "corering/flow/event_bus_counters.h"
#include "corering/flow/event_handler.h"
#include "corering/flow/event_queue.h"
#include "corering/flow/turn_work.h"
#include "corering/runtime/core.h"

namespace corering::flow {

struct EventBusOptions {
  std::string name = "events";          // of its metrics
  std::size_t queue_events_max = 4096;  // rounded up to a power of two
  std::size_t batch_events_max = 100;   // shown to handlers in one turn
};

// The buses of all cores, so that they can reach each other.
//
// Thread: filled by the thread that starts the runtime, only read afterwards.
template <typename Bus>
class EventBusGroup {
 public:
  explicit EventBusGroup(std::uint32_t cores) : buses_(cores) {}

  std::uint32_t cores() const noexcept { return static_cast<std::uint32_t>(buses_.size()); }
  Bus* at(runtime::CoreId core) const noexcept { return buses_[core.value]; }
  void join(runtime::CoreId core, Bus& bus) noexcept {
    CORERING_ASSERT(core.value < buses_.size() && buses_[core.value] == nullptr, "a core has two event buses, or no place for one");
    buses_[core.value] = &bus;
  }

 private:
  std::vector<Bus*> buses_;
};

template <typename... Events>
class EventBus {
 public:
  using Group = EventBusGroup<EventBus>;

  explicit EventBus(runtime::Core& core, const EventBusOptions& options = {}, Group* group = nullptr)
      : core_(core), batch_events_max_(options.batch_events_max), group_(group), queue_(options.queue_events_max) {
    CORERING_ASSERT(batch_events_max_ > 0, "an event bus may show no events");
    register_counters(core.registry(), options.name, counters_);
    if (group_ != nullptr) group_->join(core.id(), *this);
  }
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  // Shows the handler every event of its type from now on, before those of lower priority and after those of the same that have
  // subscribed earlier. Requires: it is not subscribed.
  template <typename Event>
  void subscribe(EventHandler<Event>& handler, std::int32_t priority = 0) noexcept {
    handlers<Event>().add(handler, priority);
  }

  // Does nothing if it is not subscribed.
  template <typename Event>
  void unsubscribe(EventHandler<Event>& handler) noexcept {
    handlers<Event>().remove(handler);
  }

  // To the handlers on this core. False, and counted, if the queue is full.
  template <typename Event>
  bool try_publish(Event&& event) noexcept {
    if (!enqueue(std::forward<Event>(event))) {
      counters_.refused.add();
      return false;
    }
    counters_.published.add();
    return true;
  }

  // To the handlers on every core of the group, this one included. Returns how many cores have not taken it; each is counted as
  // refused. Requires: a group with a bus on each core.
  template <typename Event>
  std::size_t try_publish_to_all(const Event& event) noexcept {
    static_assert(std::is_trivially_copyable_v<Event> && std::is_default_constructible_v<Event> &&
                      sizeof(Remote<Event>) <= runtime::Message::kPayloadBytes,
                  "an event for other cores travels in a mailbox: trivially copyable, at most 48 bytes");
    CORERING_ASSERT(group_ != nullptr, "an event bus without a group cannot reach other cores");
    std::size_t missed = try_publish(event) ? 0 : 1;
    for (std::uint16_t to = 0; to < group_->cores(); ++to) {
      if (to == core_.id().value) continue;
      const Remote<Event> remote{group_->at(runtime::CoreId{to}), event};
      if (core_.try_post(runtime::CoreId{to}, {&EventBus::on_remote<Event>, remote})) {
        counters_.posted.add();
      } else {
        counters_.refused.add();
        ++missed;
      }
    }
    return missed;
  }

  bool empty() const noexcept { return queue_.empty(); }
  std::size_t queued() const noexcept { return queue_.size(); }
  std::size_t capacity() const noexcept { return queue_.capacity(); }
  const EventBusCounters& counters() const noexcept { return counters_; }

 private:
  template <typename Event>
  struct Remote {
    EventBus* bus;
    Event event;
  };

  template <typename Event>
  EventHandlerList<Event>& handlers() noexcept {
    static_assert(EventQueue<Events...>::template kIndex<Event> < sizeof...(Events), "this bus does not carry events of that type");
    return std::get<EventHandlerList<Event>>(handlers_);
  }

  template <typename Event>
  bool enqueue(Event&& event) noexcept {
    static_assert(EventQueue<Events...>::template kIndex<std::remove_cvref_t<Event>> < sizeof...(Events),
                  "this bus does not carry events of that type");
    if (!queue_.try_push(std::forward<Event>(event))) return false;
    work_.schedule();
    return true;
  }

  template <typename Event>
  static void on_remote(runtime::Core&, const runtime::Message& message) {
    const auto remote = message.payload<Remote<Event>>();
    EventBus& bus = *remote.bus;
    bus.counters_.received.add();
    if (!bus.enqueue(remote.event)) bus.counters_.dropped.add();
  }

  void dispatch() {
    const std::size_t queued = queue_.size();
    if (queued > counters_.queued_max.value()) counters_.queued_max.set(queued);
    std::size_t deliveries = 0;
    std::size_t unhandled = 0;
    std::size_t count = 0;
    for (; count < batch_events_max_ && !queue_.empty(); ++count) {
      queue_.visit_front([&]<typename Event>(const Event& event) {
        const std::size_t called = handlers<Event>().deliver(event);
        deliveries += called;
        unhandled += called == 0 ? 1 : 0;
      });
      queue_.pop();
    }
    counters_.batches.add();
    counters_.dispatched.add(count);
    counters_.deliveries.add(deliveries);
    counters_.unhandled.add(unhandled);
    if (!queue_.empty()) work_.schedule();
  }

  runtime::Core& core_;
  const std::size_t batch_events_max_;
  Group* const group_;
  EventQueue<Events...> queue_;
  std::tuple<EventHandlerList<Events>...> handlers_;
  EventBusCounters counters_;
  TurnWork work_ = TurnWork::to<&EventBus::dispatch>(core_, this);
};

}  // namespace corering::flow
