#include "corering/sched/frame_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "heap_count.h"

namespace {

using corering::sched::FramePool;

constexpr std::size_t kPooledBytesMax = 4096;

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
    const std::size_t before = heap_count::allocations();
    for (std::size_t index = 0; index < 20; ++index) frames.push_back(FramePool::allocate(index * 200 + 1));
    for (std::size_t index = 0; index < 20; ++index) FramePool::release(frames[index], index * 200 + 1);
    return heap_count::allocations() - before;
  };
  use();
  for (int round = 0; round < 100; ++round) ASSERT_EQ(use(), 0u);
}

TEST(FramePool, KeepsNoFramesAbove4KiB) {
  const std::size_t releases = heap_count::releases();
  FramePool::release(FramePool::allocate(kPooledBytesMax + 1), kPooledBytesMax + 1);
  EXPECT_EQ(heap_count::releases() - releases, 1u);
  FramePool::release(FramePool::allocate(kPooledBytesMax), kPooledBytesMax);
  EXPECT_EQ(heap_count::releases() - releases, 1u);
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

TEST(FramePool, AThreadThatEndsReturnsItsFramesToTheHeap) {
  constexpr std::size_t kFrames = 50;
  std::vector<void*> frames;
  for (std::size_t index = 0; index < kFrames; ++index) frames.push_back(FramePool::allocate(1'000));
  std::size_t releases = 0;
  std::jthread([&] {
    for (void* frame : frames) FramePool::release(frame, 1'000);
    releases = heap_count::releases();
  }).join();
  EXPECT_GE(heap_count::releases() - releases, kFrames);
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
  EXPECT_EQ(counts.from_heap, 1u);
  EXPECT_EQ(counts.dropped, 0u);
}

#if defined(__SANITIZE_ADDRESS__)
TEST(FramePoolDeathTest, AFreedFrameIsPoisoned) {
  auto* frame = static_cast<volatile char*>(FramePool::allocate(200));
  FramePool::release(const_cast<char*>(frame), 200);
  EXPECT_DEATH(frame[100] = 1, "use-after-poison");
}
#endif

}  // namespace
