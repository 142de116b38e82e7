// Heap: where the pools of a core get their memory, counted by the room that asked for it.
//
// Each core has a heap of its own, so that no lock and no cache line of another core stands between a pool and its memory. Pools and
// frames ask try_allocate, which takes the heap of the calling thread: an object needs no reference to it, and may be made before
// the core's thread runs and destroyed after it. Not for the hot path itself: there everything comes from pools.
//
//   const mem::Heap::Use use(core.heap());                     // the core's thread, once
//   void* slot = mem::try_allocate(mem::Room::net, 64, 16);
//   mem::release(mem::Room::net, slot, 64, 16);
//
// Behind it is mimalloc, loaded when it is first needed and without lending its malloc to the process: the shared library of
// Debian 12 would replace malloc in every program that links it, and whoever links a network library has not asked for that. Where
// it is missing, in sanitizer builds, and with -Dmimalloc=disabled, it is the malloc of the process; backing() says which.
//
// Thread: a Heap is used by the thread whose Use it is; memory may be released on any thread, and counts there. Accounts: read by any.
// Lifetime: memory outlives the heap that it came from. Cost: 15 ns for both ways together, from time to time a system call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "corering/metrics/counter.h"
#include "corering/metrics/registry.h"

namespace corering::mem {

// Who asks for memory: the rooms that keep pools, and the programs on top of them.
enum class Room : std::uint8_t { net, sched, runtime, cache, flow, app };
inline constexpr std::size_t kRooms = 6;

// "net", "sched", ...
std::string_view name_of(Room room) noexcept;

// What one room has asked of one heap. Lives in total, over all heaps: allocated_bytes - released_bytes.
struct HeapAccount {
  metrics::Counter allocations;
  metrics::Counter allocated_bytes;
  metrics::Counter released_bytes;
  metrics::Counter refused;  // the machine has no memory
};

class Heap {
 public:
  // Makes a heap the one of the calling thread while it lives. Requires: none is yet.
  class Use {
   public:
    explicit Use(Heap& heap) noexcept;
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

   private:
    Heap& heap_;
  };

  // For tests: while it lives, the heap that is the calling thread's at the moment refuses everything, as a machine without memory does.
  class Drought {
   public:
    Drought() noexcept : heap_(of_this_thread()) { heap_.is_dry_ = true; }
    Drought(const Drought&) = delete;
    Drought& operator=(const Drought&) = delete;
    ~Drought() { heap_.is_dry_ = false; }

   private:
    Heap& heap_;
  };

  Heap() = default;
  Heap(const Heap&) = delete;  // the registry refers to the accounts
  Heap& operator=(const Heap&) = delete;

  const HeapAccount& account(Room room) const noexcept { return accounts_[static_cast<std::size_t>(room)]; }

  // Of all rooms together: who stands still allocates nothing.
  std::uint64_t allocation_count() const noexcept;

  // heap_<room>_allocations, heap_<room>_allocated_bytes, heap_<room>_released_bytes; heap_refused of all rooms together.
  void register_metrics(metrics::Registry& registry) const;

  // The one that try_allocate takes: of the Use, or the thread's own, which no registry knows.
  static Heap& of_this_thread() noexcept;

 private:
  friend void* try_allocate(Room room, std::size_t bytes, std::size_t alignment) noexcept;
  friend void release(Room room, void* memory, std::size_t bytes, std::size_t alignment) noexcept;

  HeapAccount& account_of(Room room) noexcept { return accounts_[static_cast<std::size_t>(room)]; }

  std::array<HeapAccount, kRooms> accounts_;
  void* pages_ = nullptr;  // mimalloc's part of it, while a Use lives
  bool is_dry_ = false;
};

// Memory that is not zeroed, or nullptr if the machine has none, which is counted. Requires: bytes > 0; alignment: a power of two.
[[nodiscard]] void* try_allocate(Room room, std::size_t bytes, std::size_t alignment) noexcept;

// Requires: the values that the memory was allocated with.
void release(Room room, void* memory, std::size_t bytes, std::size_t alignment) noexcept;

// "mimalloc" or "malloc".
std::string_view backing() noexcept;

}  // namespace corering::mem
