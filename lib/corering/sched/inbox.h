// Inbox: what other threads have finished or want resumed, for one core to pick up.
//
// An intrusive stack that is taken whole and turned round: any thread pushes without a lock and without memory, the owner
// empties it with one exchange. It has no limit because nothing is made for it: each element is a task that exists anyway.
//
// Thread: push: any; take_all: owning core; empty: any. Cost: O(1), no allocation.
#pragma once

#include <atomic>

namespace corering::sched {

class Scheduler;

// An element, embedded in its owner; in one inbox at a time. After `arrive` has been called the inbox knows nothing of it.
class Arrival {
 public:
  using Function = void (*)(Arrival& self, Scheduler& here);

  explicit Arrival(Function function) noexcept : function_(function) {}

  void arrive(Scheduler& here) { function_(*this, here); }

 private:
  friend class Inbox;

  Function function_;
  Arrival* next_ = nullptr;
};

class Inbox {
 public:
  // Sequentially consistent, so that either the sender sees that the owner sleeps or the owner sees the arrival.
  void push(Arrival& arrival) noexcept {
    Arrival* newest = newest_.load(std::memory_order_relaxed);
    do {
      arrival.next_ = newest;
    } while (!newest_.compare_exchange_weak(newest, &arrival, std::memory_order_seq_cst, std::memory_order_relaxed));
  }

  bool empty() const noexcept { return newest_.load(std::memory_order_seq_cst) == nullptr; }

  // Calls handle(arrival) for each, oldest first. An arrival may be gone after its call.
  template <typename Handle>
  void take_all(Handle&& handle) {
    if (newest_.load(std::memory_order_relaxed) == nullptr) return;
    Arrival* oldest = nullptr;
    for (Arrival* next = newest_.exchange(nullptr, std::memory_order_acquire); next != nullptr;) {
      Arrival* older = next->next_;
      next->next_ = oldest;
      oldest = next;
      next = older;
    }
    while (oldest != nullptr) {
      Arrival& arrival = *oldest;
      oldest = arrival.next_;
      handle(arrival);
    }
  }

 private:
  std::atomic<Arrival*> newest_{nullptr};
};

}  // namespace corering::sched
