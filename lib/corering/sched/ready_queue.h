// ReadyQueue: the pinned work of a core that is ready, by priority, and within one in the order in which it became ready.
//
// Completion handlers do not run long work or resume coroutines themselves: they push a Runnable, and the loop runs a bounded
// number of them per turn, so I/O is looked at again in between. Which priority comes next is for Rounds to say (priority.h).
// Thread: owning core only. Cost: O(1), no allocation.
#pragma once

#include <array>
#include <cstddef>
#include <iterator>

#include "corering/base/intrusive.h"
#include "corering/sched/priority.h"

namespace corering::sched {

struct ReadyTag;

// Something to run once, embedded in its owner. Leaves the queue before it runs, so it may be pushed again while running.
class Runnable : public base::ListHook<ReadyTag> {
 public:
  using Function = void (*)(void* owner);

  Runnable(Function function, void* owner, Priority priority = Priority::normal) noexcept
      : function_(function), owner_(owner), priority_(priority) {}

  template <auto kMember, typename Owner>
  static Runnable to(Owner* owner, Priority priority = Priority::normal) noexcept {
    return {[](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner, priority};
  }

  bool is_queued() const noexcept { return is_linked(); }
  Priority priority() const noexcept { return priority_; }

  // Requires: it is not queued.
  void set_priority(Priority priority) noexcept { priority_ = priority; }

 private:
  friend class ReadyQueue;

  Function function_;
  void* owner_;
  Priority priority_;
};

class ReadyQueue {
 public:
  ReadyQueue() = default;
  ~ReadyQueue() {
    for (auto& queue : queues_) queue.clear();
  }

  // Does nothing if it is queued already.
  void push(Runnable& runnable) noexcept {
    if (runnable.is_queued()) return;
    queue_of(runnable).push_back(runnable);
    mask_ |= bit_of(runnable.priority_);
  }

  void remove(Runnable& runnable) noexcept {
    if (!runnable.is_queued()) return;
    auto& queue = queue_of(runnable);
    queue.erase(queue.iterator_to(runnable));
    note_end_of(queue, runnable.priority_);
  }

  bool empty() const noexcept { return mask_ == 0; }

  // Which priorities have work.
  PriorityMask mask() const noexcept { return mask_; }

  // Runs the one that has waited longest. Requires: the mask has the priority's bit.
  void run_next(Priority priority) {
    auto& queue = queues_[index_of(priority)];
    Runnable& next = queue.front();
    queue.pop_front();
    note_end_of(queue, priority);
    prefetch_second(queue);
    next.function_(next.owner_);
  }

 private:
  using Queue = base::List<Runnable, ReadyTag>;

  // Hundreds may wait, not all of them in the cache. The first has just been touched.
  static void prefetch_second(const Queue& queue) noexcept {
    if (queue.empty()) return;
    const auto second = std::next(queue.begin());
    if (second != queue.end()) __builtin_prefetch(&*second);
  }

  Queue& queue_of(const Runnable& runnable) noexcept { return queues_[index_of(runnable.priority_)]; }

  void note_end_of(const Queue& queue, Priority priority) noexcept {
    if (queue.empty()) mask_ = static_cast<PriorityMask>(mask_ & ~bit_of(priority));
  }

  std::array<Queue, kPriorities> queues_;
  PriorityMask mask_ = 0;  // bit i: queues_[i] is not empty
};

}  // namespace corering::sched
