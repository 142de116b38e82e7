// ObjectPool<T>: objects of one type, borrowed and given back in O(1).
//
// For the small objects of the hot path (connections, slices): their places come from the core's heap, are kept when an object is
// given back, and are reused last-in first-out, so that a warm pool never reaches the heap and cycles through what is in the cache.
// The 64 on top wait in a rack, an array of pointers, so that a borrow need not read the place itself to find the next one; what it
// does not hold waits in an intrusive stack.
//
//   mem::ObjectPool<Job> pool({.live_max = 1000, .idle_max = 64, .room = mem::Room::app});
//   if (auto job = pool.try_lend(arguments)) job->run();         // comes back when the handle dies
//   Job* job = pool.try_borrow(arguments); pool.give_back(*job);  // for those who keep their own lists
//
// Use after return. Each borrow has a number, the generation, which stands in front of the object: an object that is given back
// twice is caught in every build. A Handle and a Ref remember the number that they were made with; in debug builds (no optimization,
// or CORERING_CHECKED) and under AddressSanitizer every access through them asserts that it is still the one. Under
// AddressSanitizer idle places are poisoned as well, so that plain pointers are caught, too.
//
// Thread: owning core only. Lifetime: every object is given back before the pool dies (asserted).
// Cost: borrow and give back 2 ns together (bench/README.md), 8 bytes per object and 512 per pool; a borrow from an empty pool
// allocates 32 places.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "corering/base/assert.h"
#include "corering/base/intrusive.h"
#include "corering/mem/heap.h"
#include "corering/mem/poison.h"
#include "corering/mem/pool_counters.h"

namespace corering::mem {

// Whether each access through a Handle or a Ref is checked. It changes no layout: files built either way may be linked together.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(CORERING_CHECKED)
inline constexpr bool kChecksGenerations = true;
#else
inline constexpr bool kChecksGenerations = false;
#endif

struct ObjectPoolOptions {
  std::size_t live_max = SIZE_MAX;  // objects out at once
  std::size_t idle_max = SIZE_MAX;  // places kept for reuse; whatever comes back beyond them goes to the heap
  Room room = Room::app;            // whose account its memory is on
};

template <typename T>
class ObjectPool {
 public:
  class Ref;
  class Handle;

  explicit ObjectPool(const ObjectPoolOptions& options) : options_(options) { set_limit(); }
  ObjectPool(const ObjectPool&) = delete;
  ObjectPool& operator=(const ObjectPool&) = delete;
  ~ObjectPool() {
    CORERING_ASSERT(live() == 0, "an object outlives its pool");
    clear();
  }

  // nullptr, and counted, if live_max objects are out or the machine has no memory.
  template <typename... Arguments>
  [[nodiscard]] T* try_borrow(Arguments&&... arguments) {
    Place** top = top_;
    Place* place = nullptr;
    if (top == rack_.data()) [[unlikely]] {
      place = refill();
      if (place == nullptr) return nullptr;
    } else {
      place = *--top;
      top_ = top;
    }
    unpoison(place->storage, sizeof(place->storage));
    counters_.borrows.add();
    place->generation = counters_.borrows.value();
    return new (place->storage) T(std::forward<Arguments>(arguments)...);
  }

  // The same with an owner that gives it back; empty instead of nullptr.
  template <typename... Arguments>
  [[nodiscard]] Handle try_lend(Arguments&&... arguments) {
    T* object = try_borrow(std::forward<Arguments>(arguments)...);
    return object == nullptr ? Handle() : Handle(*this, *object);
  }

  // Requires: `object` came from this pool and is not given back yet.
  void give_back(T& object) noexcept {
    Place* place = place_of(&object);
    CORERING_ASSERT(place->generation != kIdle, "an object is given back that was not borrowed");
    place->generation = kIdle;  // before the destructor, which might give back the object that it is part of
    object.~T();
    poison(place->storage, sizeof(place->storage));
    counters_.returns.add();
    Place** top = top_;
    if (top == limit_) [[unlikely]]
      return spill(place);
    *top = place;
    top_ = top + 1;
  }

  // Lets the next `count` borrows be hits. False if a maximum or the machine does not allow it.
  bool try_prepare(std::size_t count) noexcept {
    Place* place = nullptr;
    while (size() < count) {
      place = size() < options_.idle_max && places_ < options_.live_max ? allocate() : nullptr;
      if (place == nullptr) break;
      put(place, unused_);
    }
    set_limit();
    return size() >= count;
  }

  // Gives all idle places to the heap. What is out stays, and comes back as ever. Requires: no Ref to an object that is gone is used.
  void clear() noexcept {
    while (top_ != rack_.data()) free(*--top_);
    while (!idle_.empty()) free(pop(idle_));
    while (!unused_.empty()) free(pop(unused_));
    set_limit();
  }

  // The generation that a borrowed object has. A view: it does not keep the object.
  Ref ref(T& object) const noexcept { return Ref(object); }

  std::size_t size() const noexcept { return places_ - live(); }                                       // places that wait for reuse
  std::size_t live() const noexcept { return counters_.borrows.value() - counters_.returns.value(); }  // objects that are out
  std::size_t live_max() const noexcept { return counters_.live_max.value(); }                         // the high-water mark
  const PoolCounters& counters() const noexcept { return counters_; }
  double hit_rate() const noexcept { return counters_.hit_rate(); }

 private:
  static constexpr std::uint64_t kIdle = 0;  // borrows are counted from 1

  // Places that a borrow which finds none idle takes from the heap, as far as the maxima allow: the next ones will be hits.
  static constexpr std::size_t kGrowth = 32;

  static constexpr std::size_t kRackPlaces = 64;

  struct IdleTag;
  struct Idle : base::StackHook<IdleTag> {};
  using Places = base::Stack<Idle, IdleTag>;

  // While it is in a stack, the hook lies where the object was; the number stays readable.
  struct Place {
    std::uint64_t generation;
    alignas(std::max(alignof(T), alignof(Idle))) std::byte storage[std::max(sizeof(T), sizeof(Idle))];
  };

  static Place* place_of(void* object) noexcept {
    return reinterpret_cast<Place*>(static_cast<std::byte*>(object) - offsetof(Place, storage));
  }

  // For a borrow that finds the rack empty. The place for it; nullptr: refused, and counted.
  [[gnu::noinline]] Place* refill() noexcept {
    if (idle_.empty()) return take_unused();
    while (!idle_.empty() && top_ != rack_.data() + kRackPlaces / 2) *top_++ = pop(idle_);
    std::reverse(rack_.data(), top_);  // the one given back last on top
    Place* place = *--top_;
    set_limit();
    return place;
  }

  // For a return, counted already, that finds the rack as full as it may be.
  [[gnu::noinline]] void spill(Place* place) noexcept {
    if (size() > options_.idle_max) {
      counters_.dropped.add();
      return free(place);
    }
    Place** const half = rack_.data() + kRackPlaces / 2;
    // In one loop: a call of memmove would be counted among the bytes that a transport copies.
    const auto newer = static_cast<std::size_t>(top_ - half);
    for (std::size_t index = 0; index < kRackPlaces / 2; ++index) {
      put(rack_[index], idle_);
      if (index < newer) rack_[index] = half[index];
    }
    top_ = rack_.data() + newer;
    *top_++ = place;
    set_limit();
  }

  // The rack never takes what the stacks leave no room for under idle_max.
  void set_limit() noexcept { limit_ = rack_.data() + std::min(kRackPlaces, options_.idle_max - stacked_); }

  // Only a borrow beyond all places that were ever in use can be beyond a maximum or reach a new high-water mark.
  Place* take_unused() noexcept {
    Place* place = unused_.empty() ? add_places() : pop(unused_);
    if (place == nullptr) {
      counters_.refused.add();
      return nullptr;
    }
    set_limit();
    counters_.live_max.set(std::max(live_max(), live() + 1));
    return place;
  }

  Place* add_places() noexcept {
    Place* place = places_ < options_.live_max ? allocate() : nullptr;
    if (place == nullptr) return nullptr;
    counters_.misses.add();
    try_prepare(kGrowth);  // `place` is the first of them
    return place;
  }

  // Requires: !from.empty().
  Place* pop(Places& from) noexcept {
    Place* place = place_of(&from.front());
    unpoison(place->storage, sizeof(place->storage));
    from.pop_front();
    poison(place->storage, sizeof(place->storage));
    --stacked_;
    return place;
  }

  void put(Place* place, Places& into) noexcept {
    unpoison(place->storage, sizeof(place->storage));
    into.push_front(*new (place->storage) Idle);
    poison(place->storage, sizeof(place->storage));
    ++stacked_;
  }

  Place* allocate() noexcept {
    void* memory = try_allocate(options_.room, sizeof(Place), alignof(Place));
    if (memory == nullptr) return nullptr;
    ++places_;
    return new (memory) Place{.generation = kIdle, .storage = {}};
  }

  void free(Place* place) noexcept {
    --places_;
    unpoison(place->storage, sizeof(place->storage));
    release(options_.room, place, sizeof(Place), alignof(Place));
  }

  // How many are out or idle is not counted but follows. There are never more places than live_max, so a borrow that finds one idle is
  // within the maximum. What is left for every borrow and return is one addition each.
  PoolCounters counters_;
  Place** top_ = rack_.data();  // behind the place given back last
  Place** limit_ = nullptr;     // of top_
  std::array<Place*, kRackPlaces> rack_;
  Places idle_;              // given back before those in the rack, the last on top
  Places unused_;            // never borrowed yet
  std::size_t stacked_ = 0;  // in both stacks
  std::size_t places_ = 0;   // all: live, in the rack, stacked
  const ObjectPoolOptions options_;
};

// A borrowed object that may be given back by others meanwhile: names one borrow of one place, not whoever has it next.
// Lifetime: may be asked as long as the pool neither dies, nor is cleared, nor has dropped the place.
template <typename T>
class ObjectPool<T>::Ref {
 public:
  Ref() = default;

  // Whether that borrow has ended. Works in every build.
  bool is_stale() const noexcept { return object_ == nullptr || place_of(object_)->generation != generation_; }

  // nullptr if that borrow has ended.
  T* try_get() const noexcept { return is_stale() ? nullptr : object_; }

  // Requires: !is_stale().
  T* get() const noexcept {
    if constexpr (kChecksGenerations) CORERING_ASSERT(!is_stale(), "a pooled object is used after it was given back");
    return object_;
  }
  T& operator*() const noexcept { return *get(); }
  T* operator->() const noexcept { return get(); }

 private:
  friend class ObjectPool;
  explicit Ref(T& object) noexcept : object_(&object), generation_(place_of(&object)->generation) {}

  T* object_ = nullptr;
  std::uint64_t generation_ = 0;
};

// The owner of one borrowed object: gives it back when it dies. Move-only.
template <typename T>
class ObjectPool<T>::Handle {
 public:
  Handle() = default;
  Handle(Handle&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), ref_(std::exchange(other.ref_, {})) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(ref_, other.ref_);
    return *this;
  }
  ~Handle() { reset(); }

  explicit operator bool() const noexcept { return pool_ != nullptr; }
  T* get() const noexcept { return ref_.get(); }
  T& operator*() const noexcept { return *get(); }
  T* operator->() const noexcept { return get(); }

  // A view of it, for others.
  Ref ref() const noexcept { return ref_; }

  void reset() noexcept {
    if (ObjectPool* pool = std::exchange(pool_, nullptr)) pool->give_back(*std::exchange(ref_, {}));
  }

  // Gives up ownership without giving back: the caller does. Requires: not empty.
  T& release() noexcept {
    pool_ = nullptr;
    return *std::exchange(ref_, {});
  }

 private:
  friend class ObjectPool;
  Handle(ObjectPool& pool, T& object) noexcept : pool_(&pool), ref_(object) {}

  ObjectPool* pool_ = nullptr;
  Ref ref_;
};

}  // namespace corering::mem
