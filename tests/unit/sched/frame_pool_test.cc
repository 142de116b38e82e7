#include "corering/sched/frame_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "corering/mem/heap.h"
#include "corering/sched/task.h"

namespace {

using corering::mem::Heap;
using corering::mem::HeapAccount;
using corering::mem::Room;
using corering::sched::FramePool;

constexpr std::size_t kPooledBytesMax = FramePool::kFrameBytesMax;

// What the calling thread's pool has asked of its heap.
const HeapAccount& account() { return Heap::of_this_thread().account(Room::sched); }

TEST(FramePool, LendsTheFrameThatCameBackLast) {
  void* first = FramePool::allocate(200);
  void* second = FramePool::allocate(200);
  EXPECT_NE(first, second);
  FramePool::release(first, 200);
  FramePool::release(second, 200);
  EXPECT_EQ(FramePool::allocate(200), second);
  EXPECT_EQ(FramePool::allocate(200), first);
  FramePool::release(first, 200);
  FramePool::release(second, 200);
}

// A frame that is lent again for another size must be large enough for that one.
TEST(FramePool, EveryFrameHoldsWhatItWasAskedFor) {
  for (int round = 0; round < 2; ++round) {
    std::vector<std::pair<unsigned char*, std::size_t>> frames;
    for (std::size_t bytes = 1; bytes <= kPooledBytesMax + 200; bytes += 7) {
      auto* frame = static_cast<unsigned char*>(FramePool::allocate(bytes));
      std::memset(frame, static_cast<int>(bytes % 251), bytes);
      frames.emplace_back(frame, bytes);
    }
    for (const auto& [frame, bytes] : frames) {
      ASSERT_EQ(frame[0], bytes % 251);
      ASSERT_EQ(frame[bytes - 1], bytes % 251);
    }
    for (const auto& [frame, bytes] : frames) FramePool::release(frame, bytes);
  }
}

TEST(FramePool, WarmItDoesWithoutTheHeap) {
  const auto use = [] {
    std::vector<void*> frames;
    frames.reserve(20);
    const std::uint64_t before = account().allocations.value();
    for (std::size_t index = 0; index < 20; ++index) frames.push_back(FramePool::allocate(index * 200 + 1));
    for (std::size_t index = 0; index < 20; ++index) FramePool::release(frames[index], index * 200 + 1);
    return account().allocations.value() - before;
  };
  use();
  for (int round = 0; round < 100; ++round) ASSERT_EQ(use(), 0u);
}

TEST(FramePool, KeepsNoFramesAbove4KiB) {
  const std::uint64_t before = account().released_bytes.value();
  FramePool::release(FramePool::allocate(kPooledBytesMax + 1), kPooledBytesMax + 1);
  const std::uint64_t released = account().released_bytes.value() - before;
  EXPECT_GT(released, kPooledBytesMax);
  FramePool::release(FramePool::allocate(kPooledBytesMax), kPooledBytesMax);
  EXPECT_EQ(account().released_bytes.value() - before, released);
}

// Two tasks' frames that share a cache line would slow each other down when one of them moves to another core.
TEST(FramePool, FramesBeginAtCacheLines) {
  for (std::size_t bytes = 1; bytes <= kPooledBytesMax + 200; bytes += 61) {
    void* frame = FramePool::allocate(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame) % 64, 0u) << bytes;
    FramePool::release(frame, bytes);
  }
}

// Whoever adds up the accounts of all cores finds what is out: here two frames, of which one is too large to be pooled.
TEST(FramePool, ItsMemoryIsOnTheAccountOfTheRoom) {
  Heap heap;
  std::jthread([&] {
    const Heap::Use use(heap);
    void* small = FramePool::allocate(100);
    void* large = FramePool::allocate(10'000);
    EXPECT_EQ(heap.account(Room::sched).allocations.value(), 2u);
    EXPECT_EQ(heap.account(Room::sched).allocated_bytes.value(), 128u + 10'048u);
    FramePool::release(small, 100);
    EXPECT_EQ(heap.account(Room::sched).released_bytes.value(), 0u);
    FramePool::release(large, 10'000);
    EXPECT_EQ(heap.account(Room::sched).released_bytes.value(), 10'048u);
  }).join();
  EXPECT_EQ(heap.account(Room::net).allocations.value(), 0u);
}

TEST(FramePool, AFrameStaysWithTheThreadThatFreedIt) {
  constexpr std::size_t kBytes = 3'000;
  void* frame = nullptr;
  std::jthread([&] { frame = FramePool::allocate(kBytes); }).join();
  FramePool::release(frame, kBytes);
  std::jthread([&] {
    void* other = FramePool::allocate(kBytes);
    EXPECT_NE(other, frame);
    FramePool::release(other, kBytes);
  }).join();
  EXPECT_EQ(FramePool::allocate(kBytes), frame);
  FramePool::release(frame, kBytes);
}

// Reads the account of a thread at its end, after the pool has been emptied: made before it, it dies after it.
struct AtTheEnd {
  ~AtTheEnd() { *released_bytes = account().released_bytes.value(); }
  std::uint64_t* released_bytes = nullptr;
};

TEST(FramePool, AThreadThatEndsReturnsItsFramesToTheHeap) {
  constexpr std::size_t kFrames = 50;
  std::vector<void*> frames;
  for (std::size_t index = 0; index < kFrames; ++index) frames.push_back(FramePool::allocate(1'000));
  std::uint64_t released_bytes = 0;
  std::jthread([&] {
    thread_local AtTheEnd at_the_end;
    at_the_end.released_bytes = &released_bytes;
    for (void* frame : frames) FramePool::release(frame, 1'000);
    EXPECT_EQ(account().released_bytes.value(), 0u);
  }).join();
  EXPECT_EQ(released_bytes, kFrames * 1'024);
}

// A thread that only ever frees frames of others gives back to the heap what is above its limit.
TEST(FramePool, KeepsNoMoreThanItsLimit) {
  constexpr std::size_t kBytes = 1'024;
  constexpr std::size_t kKept = 10;
  std::vector<void*> frames;
  for (int index = 0; index < 50; ++index) frames.push_back(FramePool::allocate(kBytes));
  FramePool::Counts counts;
  std::jthread([&] {
    FramePool::limit_kept_bytes(kKept * kBytes);
    for (void* frame : frames) FramePool::release(frame, kBytes);
    counts = FramePool::counts();
  }).join();
  EXPECT_EQ(counts.kept_bytes, kKept * kBytes);
  EXPECT_EQ(counts.dropped, 50 - kKept);
}

TEST(FramePool, CountsWhatItHadToFetch) {
  FramePool::Counts counts;
  std::jthread([&] {
    for (int round = 0; round < 5; ++round) FramePool::release(FramePool::allocate(100), 100);
    counts = FramePool::counts();
  }).join();
  EXPECT_EQ(counts.lent, 5u);
  EXPECT_EQ(counts.from_heap, 1u);
  EXPECT_EQ(counts.dropped, 0u);
  EXPECT_EQ(counts.kept_bytes, 128u);
}

#if defined(__SANITIZE_ADDRESS__)
TEST(FramePoolDeathTest, AFreedFrameIsPoisoned) {
  auto* frame = static_cast<volatile char*>(FramePool::allocate(200));
  FramePool::release(const_cast<char*>(frame), 200);
  EXPECT_DEATH(frame[100] = 1, "use-after-poison");
}

corering::sched::Task<> leave_a_pointer(int*& place) {
  int local = 1;
  place = &local;
  co_await std::suspend_always();
  local = 2;
}

// The same with the frame of a coroutine: somebody keeps a pointer to a variable of it.
TEST(FramePoolDeathTest, AVariableOfAnEndedCoroutineIsPoisoned) {
  int* place = nullptr;
  {
    const auto task = leave_a_pointer(place);
    task.frame().resume();
    EXPECT_EQ(*place, 1);
  }
  EXPECT_DEATH(*static_cast<volatile int*>(place) = 3, "use-after-poison");
}
#endif

}  // namespace
