// Fleet: the schedulers of all cores, for stealing from each other and for waking each other.
//
// What makes sleeping safe: who publishes work does so first and then looks who sleeps; who wants to sleep says so first and then
// looks for work. Both are sequentially consistent, so at least one sees the other. To keep one piece of work from waking
// everybody, at most one woken core searches at a time; it wakes the next one when it has found something and more is left.
//
//   Fleet fleet(2);
//   fleet.join(0, scheduler, alarm);      // before any core runs
//
// Thread: join: before the cores run; everything else as said. Lifetime: outlives the running of its cores.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "corering/base/cache_line.h"

namespace corering::sched {

class Scheduler;

// How a sleeping core is woken. Thread: any.
class Alarm {
 public:
  virtual void sound() noexcept = 0;

 protected:
  ~Alarm() = default;
};

class Fleet {
 public:
  explicit Fleet(std::uint16_t cores);

  std::uint16_t cores() const noexcept { return static_cast<std::uint16_t>(places_.size()); }
  void join(std::uint16_t index, Scheduler& scheduler, Alarm& alarm) noexcept;
  Scheduler* scheduler(std::uint16_t index) const noexcept { return places_[index].scheduler; }

  // Stealable work was published: wakes a sleeping core, unless one that was woken is searching already. True if it did.
  // Thread: any. Cost: two loads if nobody sleeps.
  bool offer(std::uint32_t first) noexcept {
    return sleepers_.load(std::memory_order_seq_cst) != 0 && searchers_.load(std::memory_order_seq_cst) == 0 && wake_any(first);
  }

  // Something was put into the core's inbox. True if it slept. Thread: any.
  bool wake(std::uint16_t index) noexcept;

  // Owning core: about to sleep. False if there is work: do not sleep.
  bool try_sleep(std::uint16_t index) noexcept;

  // Owning core: awake again.
  void wake_up(std::uint16_t index) noexcept;

  // Owning core: has found work, or none, after it was woken to search. True if it was.
  bool stop_searching(std::uint16_t index) noexcept;

  // Whether there has ever been stealable work: servers without it need not look.
  bool is_used() const noexcept { return is_used_.load(std::memory_order_seq_cst); }
  void note_use() noexcept {
    if (!is_used_.load(std::memory_order_relaxed)) is_used_.store(true, std::memory_order_seq_cst);
  }

 private:
  struct alignas(base::kCacheLineBytes) Place {
    Scheduler* scheduler = nullptr;
    Alarm* alarm = nullptr;
    std::atomic<bool> asleep{false};
    std::atomic<bool> searching{false};
  };

  bool wake_any(std::uint32_t first) noexcept;
  bool claim(Place& place) noexcept;
  bool has_work_for(std::uint16_t index) const noexcept;

  std::vector<Place> places_;
  alignas(base::kCacheLineBytes) std::atomic<std::uint32_t> sleepers_{0};
  std::atomic<std::uint32_t> searchers_{0};
  std::atomic<bool> is_used_{false};
};

}  // namespace corering::sched
