#include "corering/mem/heap.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using corering::mem::Heap;
using corering::mem::HeapAccount;
using corering::mem::release;
using corering::mem::Room;
using corering::mem::try_allocate;

std::uint64_t live_bytes(const HeapAccount& account) { return account.allocated_bytes.value() - account.released_bytes.value(); }

TEST(Heap, LendsWhatWasAskedForAndAligned) {
  Heap heap;
  const Heap::Use use(heap);
  struct Block {
    void* memory;
    std::size_t bytes;
    std::size_t alignment;
  };
  std::vector<Block> blocks;
  for (std::size_t bytes : {1, 8, 24, 64, 100, 4096, 70'000, 3'000'000}) {
    for (std::size_t alignment : {1, 8, 16, 64, 4096}) {
      void* memory = try_allocate(Room::net, bytes, alignment);
      ASSERT_NE(memory, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % alignment, 0u) << bytes << " bytes by " << alignment;
      std::memset(memory, static_cast<int>(blocks.size()), bytes);
      blocks.push_back({memory, bytes, alignment});
    }
  }
  for (std::size_t index = 0; index < blocks.size(); ++index) {
    const auto* first = static_cast<const unsigned char*>(blocks[index].memory);
    EXPECT_EQ(first[0], index);
    EXPECT_EQ(first[blocks[index].bytes - 1], index);
    release(Room::net, blocks[index].memory, blocks[index].bytes, blocks[index].alignment);
  }
  EXPECT_EQ(live_bytes(heap.account(Room::net)), 0u);
}

TEST(Heap, InADroughtItRefusesAndCounts) {
  Heap heap;
  const Heap::Use use(heap);
  {
    const Heap::Drought drought;
    EXPECT_EQ(try_allocate(Room::net, 100, 8), nullptr);
    EXPECT_EQ(heap.account(Room::net).refused.value(), 1u);
    EXPECT_EQ(heap.allocation_count(), 0u);
  }
  void* memory = try_allocate(Room::net, 100, 8);
  EXPECT_NE(memory, nullptr);
  release(Room::net, memory, 100, 8);
}

TEST(Heap, KeepsAnAccountPerRoom) {
  Heap heap;
  const Heap::Use use(heap);
  void* of_net = try_allocate(Room::net, 100, 8);
  void* of_sched = try_allocate(Room::sched, 1000, 8);
  EXPECT_EQ(heap.account(Room::net).allocated_bytes.value(), 100u);
  EXPECT_EQ(heap.account(Room::sched).allocated_bytes.value(), 1000u);
  EXPECT_EQ(heap.account(Room::sched).allocations.value(), 1u);
  EXPECT_EQ(heap.account(Room::cache).allocations.value(), 0u);
  EXPECT_EQ(heap.allocation_count(), 2u);
  release(Room::net, of_net, 100, 8);
  EXPECT_EQ(live_bytes(heap.account(Room::net)), 0u);
  EXPECT_EQ(live_bytes(heap.account(Room::sched)), 1000u);
  release(Room::sched, of_sched, 1000, 8);
}

TEST(Heap, EachThreadHasItsOwn) {
  Heap heaps[2];
  std::vector<std::jthread> threads;
  for (Heap& heap : heaps) {
    threads.emplace_back([&heap] {
      const Heap::Use use(heap);
      EXPECT_EQ(&Heap::of_this_thread(), &heap);
      for (int round = 0; round < 10'000; ++round) release(Room::app, try_allocate(Room::app, 64, 8), 64, 8);
    });
  }
  threads.clear();
  for (const Heap& heap : heaps) {
    EXPECT_EQ(heap.account(Room::app).allocations.value(), 10'000u);
    EXPECT_EQ(live_bytes(heap.account(Room::app)), 0u);
  }
}

// What a core's thread made is destroyed by the thread that joins it.
TEST(Heap, MemoryOutlivesItsHeapAndItsThread) {
  Heap heap;
  std::vector<char*> blocks;
  std::thread([&] {
    const Heap::Use use(heap);
    for (int index = 0; index < 1000; ++index) {
      blocks.push_back(static_cast<char*>(try_allocate(Room::app, 100, 8)));
      std::memset(blocks.back(), index, 100);
    }
  }).join();
  const std::uint64_t released_before = Heap::of_this_thread().account(Room::app).released_bytes.value();
  for (int index = 0; index < 1000; ++index) {
    EXPECT_EQ(blocks[static_cast<std::size_t>(index)][99], static_cast<char>(index));
    release(Room::app, blocks[static_cast<std::size_t>(index)], 100, 8);
  }
  EXPECT_EQ(heap.account(Room::app).allocated_bytes.value(), 100'000u);
  EXPECT_EQ(Heap::of_this_thread().account(Room::app).released_bytes.value() - released_before, 100'000u)
      << "counted where it was released: the sum over all heaps is right";
}

TEST(Heap, AThreadWithoutOneHasAnAccountAsWell) {
  Heap& own = Heap::of_this_thread();
  const std::uint64_t before = own.allocation_count();
  release(Room::app, try_allocate(Room::app, 10, 1), 10, 1);
  EXPECT_EQ(own.allocation_count(), before + 1);
}

// The sanitizers' own malloc ends the process instead.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Heap, SaysWhatItCannotHave) {
  Heap heap;
  const Heap::Use use(heap);
  EXPECT_EQ(try_allocate(Room::cache, std::size_t{1} << 60, 16), nullptr);
  EXPECT_EQ(heap.account(Room::cache).refused.value(), 1u);
  EXPECT_EQ(heap.account(Room::cache).allocations.value(), 0u);
}
#endif

TEST(Heap, TheRegistryKnowsTheAccounts) {
  Heap heap;
  corering::metrics::Registry registry;
  heap.register_metrics(registry);
  {
    const Heap::Use use(heap);
    release(Room::flow, try_allocate(Room::flow, 48, 8), 48, 8);
  }
  const auto snapshot = registry.snapshot();
  EXPECT_EQ(corering::metrics::value_of(snapshot, "heap_flow_allocations"), 1u);
  EXPECT_EQ(corering::metrics::value_of(snapshot, "heap_flow_allocated_bytes"), 48u);
  EXPECT_EQ(corering::metrics::value_of(snapshot, "heap_flow_released_bytes"), 48u);
  EXPECT_EQ(corering::metrics::value_of(snapshot, "heap_refused"), 0u);
}

TEST(Heap, NobodysMallocIsReplaced) {
  release(Room::app, try_allocate(Room::app, 10, 1), 10, 1);  // loads whatever is behind it
  Dl_info malloc_of{};
  Dl_info free_of{};
  ASSERT_NE(::dladdr(::dlsym(RTLD_DEFAULT, "malloc"), &malloc_of), 0);
  ASSERT_NE(::dladdr(::dlsym(RTLD_DEFAULT, "free"), &free_of), 0);
  EXPECT_EQ(std::string(malloc_of.dli_fname).find("mimalloc"), std::string::npos) << malloc_of.dli_fname;
  EXPECT_EQ(std::string(free_of.dli_fname).find("mimalloc"), std::string::npos) << free_of.dli_fname;
}

TEST(HeapDeathTest, AThreadUsesOne) {
  EXPECT_DEATH(
      {
        Heap first;
        Heap second;
        const Heap::Use use(first);
        const Heap::Use again(second);
      },
      "a thread uses two heaps");
}

}  // namespace
