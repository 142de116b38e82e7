// StealDeque: work of one core that other cores may take: the owner at the bottom, thieves at the top.
//
// The owner pushes and pops like a stack, which keeps its work warm; thieves take the oldest piece, which in fork-join is the
// largest. The deque is split: what lies above the split is public, what lies below it the owner's alone, and there push and pop
// are plain loads and stores. publish() moves the split down over everything; a pop that finds nothing private moves it up over the
// younger half of what is public. A thief that finds nothing public says so (is_wanted), and the owner publishes when it next
// pushes or pops.
//
//   top ──► public, oldest first ──► split ──► private, youngest last ──► bottom
//
// Source: the split after van Dijk and van de Pol, Lace: non-blocking split deque for work-stealing, Euro-Par 2014 workshops; the
// public part is the deque of Chase and Lev, Dynamic circular work-stealing deque, SPAA 2005, with the split for its bottom, and with
// the memory orders of Lê, Pop, Cohen and Zappa Nardelli, Correct and efficient work-stealing for weak memory models, PPoPP 2013,
// but for one difference: where the paper has fences, the accesses next to them carry the order. That costs the same on x86-64, and
// ThreadSanitizer, which does not understand fences, checks it.
//
// Invariants: 1. top only grows. 2. top <= split <= bottom, but while the owner takes something back: then split may be below top.
// 3. An element is read before top is moved past it, and belongs to whoever moves it. 4. An array that has been replaced is kept
// until the deque dies, because a slow thief may still read it: all of them together are smaller than the present one.
//
// Thread: try_steal, size, want: any; the rest: owning core. Lifetime: does not own its elements; outlives the last thief.
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

  // Private until published. False if count_max are waiting: the caller runs the work itself.
  bool try_push(T& element) noexcept {
    if (bottom_ - top_seen_ >= static_cast<std::int64_t>(owned_->count()) && !make_room()) return false;
    owned_->put(bottom_, &element);
    ++bottom_;
    return true;
  }

  // The element pushed last, or nullptr.
  T* try_pop() noexcept {
    if (bottom_ == split_) return try_pop_public();
    --bottom_;
    return owned_->get(bottom_);
  }

  // The oldest public element. `lost`: somebody else was quicker, there may be more.
  Steal try_steal(T*& stolen) noexcept {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    const std::int64_t split = public_split_.load(std::memory_order_seq_cst);
    if (top >= split) return Steal::empty;
    T* element = shared_.load(std::memory_order_acquire)->get(top);
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) return Steal::lost;
    stolen = element;
    return Steal::taken;
  }

  // Public elements, at this moment; by the time the caller looks at it, it may be another.
  std::size_t size() const noexcept {
    const std::int64_t split = public_split_.load(std::memory_order_seq_cst);
    const std::int64_t top = top_.load(std::memory_order_seq_cst);
    return split > top ? static_cast<std::size_t>(split - top) : 0;
  }
  bool empty() const noexcept { return size() == 0; }

  // Asks the owner to publish what it has.
  void want() noexcept {
    if (!is_wanted_.load(std::memory_order_relaxed)) is_wanted_.store(true, std::memory_order_seq_cst);
  }

  // Somebody has asked since the last element was published, and there is something that is not public yet.
  bool is_wanted() const noexcept { return is_wanted_.load(std::memory_order_acquire) && bottom_ != split_; }

  // Shows everything to thieves, before whatever the owner looks at next: for "publish, then look who sleeps".
  void publish() noexcept {
    if (is_wanted()) is_wanted_.store(false, std::memory_order_relaxed);
    split_ = bottom_;
    public_split_.store(split_, std::memory_order_seq_cst);
  }

  bool has_private() const noexcept { return bottom_ != split_; }

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
  bool make_room() noexcept {
    top_seen_ = top_.load(std::memory_order_acquire);
    if (bottom_ - top_seen_ < static_cast<std::int64_t>(owned_->count())) return true;
    if (owned_->count() == count_max_) return false;
    auto larger = std::make_unique<Array>(owned_->count() * 2);
    for (std::int64_t index = top_seen_; index < bottom_; ++index) larger->put(index, owned_->get(index));
    use(std::move(larger));
    return true;
  }

  // Nothing is private: takes back the younger half of what is public, or one element, or the last as a thief would.
  T* try_pop_public() noexcept {
    const std::int64_t end = split_;
    top_seen_ = top_.load(std::memory_order_acquire);
    const std::int64_t count = end - top_seen_;
    if (count == 0) return nullptr;
    if ((count > 1 && try_move_split(end - count / 2)) || try_move_split(end - 1)) {
      --bottom_;
      return owned_->get(bottom_);
    }
    T* element = owned_->get(end - 1);
    std::int64_t top = end - 1;
    const bool is_won = top_.compare_exchange_strong(top, end, std::memory_order_seq_cst, std::memory_order_relaxed);
    public_split_.store(end, std::memory_order_release);
    return is_won ? element : nullptr;
  }

  // As the pop of Chase and Lev: a thief that comes as far as the new split either sees it, or its move of top is seen here.
  bool try_move_split(std::int64_t split) noexcept {
    public_split_.store(split, std::memory_order_seq_cst);
    if (top_.load(std::memory_order_seq_cst) >= split) return false;
    split_ = split;
    return true;
  }

  void use(std::unique_ptr<Array> array) {
    owned_ = arrays_.emplace_back(std::move(array)).get();
    shared_.store(owned_, std::memory_order_release);
  }

  // The thieves' line; the line that the owner writes and thieves read; the owner's line.
  alignas(base::kCacheLineBytes) std::atomic<std::int64_t> top_{0};
  std::atomic<bool> is_wanted_{true};  // from the start: whoever sleeps already has not asked
  alignas(base::kCacheLineBytes) std::atomic<std::int64_t> public_split_{0};
  std::atomic<Array*> shared_{nullptr};
  alignas(base::kCacheLineBytes) std::int64_t bottom_ = 0;
  std::int64_t split_ = 0;     // public_split_, but while elements are taken back
  std::int64_t top_seen_ = 0;  // top was at least here
  Array* owned_ = nullptr;
  const std::size_t count_max_;
  std::vector<std::unique_ptr<Array>> arrays_;  // the last is in use
};

}  // namespace corering::sched
