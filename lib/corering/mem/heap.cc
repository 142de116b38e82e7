#include "corering/mem/heap.h"

#include <string>

#include "corering/base/assert.h"
#include "corering/mem/allocator.h"

namespace corering::mem {

namespace {

constinit thread_local Heap own_heap;
constinit thread_local Heap* current = nullptr;

}  // namespace

std::string_view name_of(Room room) noexcept {
  switch (room) {
    case Room::net: return "net";
    case Room::sched: return "sched";
    case Room::runtime: return "runtime";
    case Room::cache: return "cache";
    case Room::flow: return "flow";
    case Room::app: return "app";
  }
  return "";
}

Heap::Use::Use(Heap& heap) noexcept : heap_(heap) {
  CORERING_ASSERT(current == nullptr, "a thread uses two heaps");
  CORERING_ASSERT(heap.pages_ == nullptr, "two threads use one heap");
  heap.pages_ = allocator().open_pages();
  current = &heap;
}

Heap::Use::~Use() {
  current = nullptr;
  if (heap_.pages_ != nullptr) allocator().close_pages(heap_.pages_);
  heap_.pages_ = nullptr;
}

std::uint64_t Heap::allocation_count() const noexcept {
  std::uint64_t count = 0;
  for (const HeapAccount& account : accounts_) count += account.allocations.value();
  return count;
}

void Heap::register_metrics(metrics::Registry& registry) const {
  for (std::size_t index = 0; index < kRooms; ++index) {
    const HeapAccount& account = accounts_[index];
    const std::string prefix = "heap_" + std::string(name_of(static_cast<Room>(index)));
    registry.add(prefix + "_allocations", account.allocations, "Pieces taken from the heap of the core");
    registry.add(prefix + "_allocated_bytes", account.allocated_bytes, "Bytes taken from the heap of the core");
    registry.add(prefix + "_released_bytes", account.released_bytes, "Bytes given back to the heap of the core");
    registry.add("heap_refused", account.refused, "Allocations that the machine refused");
  }
}

Heap& Heap::of_this_thread() noexcept { return current != nullptr ? *current : own_heap; }

void* try_allocate(Room room, std::size_t bytes, std::size_t alignment) noexcept {
  Heap& heap = Heap::of_this_thread();
  HeapAccount& account = heap.account_of(room);
  void* memory = heap.is_dry_ ? nullptr : allocator().allocate(heap.pages_, bytes, alignment);
  if (memory == nullptr) {
    account.refused.add();
    return nullptr;
  }
  account.allocations.add();
  account.allocated_bytes.add(bytes);
  return memory;
}

void release(Room room, void* memory, std::size_t bytes, std::size_t alignment) noexcept {
  Heap::of_this_thread().account_of(room).released_bytes.add(bytes);
  allocator().release(memory, bytes, alignment);
}

std::string_view backing() noexcept { return allocator().name; }

}  // namespace corering::mem
