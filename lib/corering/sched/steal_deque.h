// StealDeque: work of one core that other cores may take: the owner at the bottom, thieves at the top.
//
// The owner pushes and pops like a stack, which keeps its work warm; thieves take the oldest piece, which in fork-join is the
// largest. Owner and thieves meet in one compare-and-exchange, and only over the last element.
//
// Source: Chase and Lev, Dynamic circular work-stealing deque, SPAA 2005; memory orders after Lê, Pop, Cohen and Zappa Nardelli,
// Correct and efficient work-stealing for weak memory models, PPoPP 2013, with one difference: where the paper has fences, the
// accesses next to them carry the order (a release store in push, sequentially consistent accesses to both ends in pop and steal).
// It costs the same on x86-64, and ThreadSanitizer, which does not understand fences, checks it.
//
// Invariants: 1. top only grows. 2. Elements top to bottom-1 are in the deque; bottom-1 may be in the owner's hand. 3. An element
// is read before top is moved past it, and belongs to whoever moves it. 4. An array that has been replaced is kept until the
// deque dies, because a slow thief may still read it: all of them together are smaller than the present one.
//
// Thread: push, try_pop: owning core; try_steal, size: any. Lifetime: does not own its elements; outlives the last thief.
// Cost: push and pop no allocation, but for doubling, at most log2(count_max/256) times in the deque's life. Errors: none.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "corering/base/assert.h"
#include "corering/base/cache_line.h"

namespace corering::sched {

// How a steal ended.
enum class Steal : std::uint8_t { taken, empty, lost };

template <typename T>
class StealDeque {
 public:
  static constexpr std::size_t kCountMin = 256;
  static constexpr std::size_t kCountMax = std::size_t{1} << 20;

  // Holds at most `count_max` elements: a power of two from 2 up.
  explicit StealDeque(std::size_t count_max = kCountMax) : count_max_(count_max) {
    CORERING_ASSERT(std::has_single_bit(count_max) && count_max >= 2, "a deque's limit is a power of two");
    use(std::make_unique<Array>(std::min(kCountMin, count_max)));
  }
  StealDeque(const StealDeque&) = delete;
  StealDeque& operator=(const StealDeque&) = delete;

  // False if count_max are waiting: the caller runs the work itself.
  bool try_push(T& element) noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom - top_seen_ >= static_cast<std::int64_t>(owned_->count()) && !make_room(bottom)) return false;
    owned_->put(bottom, &element);
    bottom_.store(bottom + 1, std::memory_order_release);
    return true;
  }

  // The element pushed last, or nullptr.
  T* try_pop() noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    bottom_.store(bottom, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top > bottom) {
      bottom_.store(bottom + 1, std::memory_order_relaxed);
      return nullptr;
    }
    T* element = owned_->get(bottom);
    if (top < bottom) return element;
    const bool is_won = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return is_won ? element : nullptr;
  }

  // The oldest element. `lost`: somebody else was quicker, there may be more.
  Steal try_steal(T*& stolen) noexcept {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    const std::int64_t bottom = bottom_.load(std::memory_order_seq_cst);
    if (top >= bottom) return Steal::empty;
    T* element = shared_.load(std::memory_order_acquire)->get(top);
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) return Steal::lost;
    stolen = element;
    return Steal::taken;
  }

  // At this moment; by the time the caller looks at it, it may be another.
  std::size_t size() const noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_seq_cst);
    const std::int64_t top = top_.load(std::memory_order_seq_cst);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }
  bool empty() const noexcept { return size() == 0; }

  // Orders all pushes so far before whatever the owner looks at next: for "push, then look who sleeps".
  void publish() noexcept { bottom_.store(bottom_.load(std::memory_order_relaxed), std::memory_order_seq_cst); }

  // Elements that fit without another allocation; and all arrays together. Thread: owning core.
  std::size_t capacity() const noexcept { return owned_->count(); }
  std::size_t memory_elements() const noexcept {
    std::size_t count = 0;
    for (const auto& array : arrays_) count += array->count();
    return count;
  }

 private:
  class Array {
   public:
    explicit Array(std::size_t count) : mask_(count - 1), slots_(std::make_unique<std::atomic<T*>[]>(count)) {}

    std::size_t count() const noexcept { return mask_ + 1; }
    T* get(std::int64_t index) const noexcept { return slot(index).load(std::memory_order_relaxed); }
    void put(std::int64_t index, T* element) noexcept { slot(index).store(element, std::memory_order_relaxed); }

   private:
    std::atomic<T*>& slot(std::int64_t index) const noexcept { return slots_[static_cast<std::size_t>(index) & mask_]; }

    const std::size_t mask_;
    const std::unique_ptr<std::atomic<T*>[]> slots_;
  };

  // Looks how far the thieves have come, and doubles the array if that is not enough.
  bool make_room(std::int64_t bottom) noexcept {
    top_seen_ = top_.load(std::memory_order_acquire);
    if (bottom - top_seen_ < static_cast<std::int64_t>(owned_->count())) return true;
    if (owned_->count() == count_max_) return false;
    auto larger = std::make_unique<Array>(owned_->count() * 2);
    for (std::int64_t index = top_seen_; index < bottom; ++index) larger->put(index, owned_->get(index));
    use(std::move(larger));
    return true;
  }

  void use(std::unique_ptr<Array> array) {
    owned_ = arrays_.emplace_back(std::move(array)).get();
    shared_.store(owned_, std::memory_order_release);
  }

  // The thieves' line; the owner's line.
  alignas(base::kCacheLineBytes) std::atomic<std::int64_t> top_{0};
  alignas(base::kCacheLineBytes) std::atomic<std::int64_t> bottom_{0};
  std::int64_t top_seen_ = 0;  // top was at least here
  Array* owned_ = nullptr;
  std::atomic<Array*> shared_{nullptr};
  const std::size_t count_max_;
  std::vector<std::unique_ptr<Array>> arrays_;  // the last is in use
};

}  // namespace corering::sched
