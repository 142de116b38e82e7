#include "heap_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocation_count{0};
std::atomic<std::size_t> release_count{0};

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  release_count.fetch_add(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

namespace heap_count {

std::size_t allocations() noexcept { return allocation_count.load(std::memory_order_relaxed); }
std::size_t releases() noexcept { return release_count.load(std::memory_order_relaxed); }

}  // namespace heap_count

// Kept out of line: g++ 12 takes the inlined pair of malloc and operator delete for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  std::abort();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { release(memory); }
