// ReadyQueue: what a core runs next, in the order in which it became ready.
//
// Completion handlers do not run long work or resume coroutines themselves: they push a Runnable, and the loop runs a bounded
// number of them per turn, so I/O is looked at again in between. Thread: owning core only. Cost: O(1), no allocation.
#pragma once

#include <coroutine>
#include <cstddef>

#include "corering/base/intrusive.h"

namespace corering::sched {

struct ReadyTag;

// Something to run once, embedded in its owner. Leaves the queue before it runs, so it may be pushed again while running.
class Runnable : public base::ListHook<ReadyTag> {
 public:
  using Function = void (*)(void* owner);

  Runnable(Function function, void* owner) noexcept : function_(function), owner_(owner) {}

  template <auto kMember, typename Owner>
  static Runnable to(Owner* owner) noexcept {
    return {[](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

  bool is_queued() const noexcept { return is_linked(); }

 private:
  friend class ReadyQueue;

  Function function_;
  void* owner_;
};

class ReadyQueue {
 public:
  ReadyQueue() = default;
  ~ReadyQueue() { queue_.clear(); }

  // Does nothing if it is queued already.
  void push(Runnable& runnable) noexcept {
    if (!runnable.is_queued()) queue_.push_back(runnable);
  }

  void remove(Runnable& runnable) noexcept {
    if (runnable.is_queued()) queue_.erase(queue_.iterator_to(runnable));
  }

  bool empty() const noexcept { return queue_.empty(); }

  // Runs at most `count_max`; returns how many.
  std::size_t run(std::size_t count_max) {
    std::size_t count = 0;
    while (count < count_max && !queue_.empty()) {
      Runnable& next = queue_.front();
      queue_.pop_front();
      ++count;
      next.function_(next.owner_);
    }
    return count;
  }

 private:
  base::List<Runnable, ReadyTag> queue_;
};

}  // namespace corering::sched
