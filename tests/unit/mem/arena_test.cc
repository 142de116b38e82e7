#include "corering/mem/arena.h"

#include <gtest/gtest.h>

#include <cstring>

#include "corering/mem/chunk_pool.h"

namespace mem_test {
namespace {

using corering::mem::Arena;
using corering::mem::ChunkPool;

TEST(Arena, IsCarvedIntoPagesThatDoNotOverlap) {
  auto arena = Arena::open(1 << 20);
  ASSERT_TRUE(arena) << arena.error().text;
  const auto first = arena->carve(100);
  const auto second = arena->carve(5000);
  EXPECT_EQ(first.size(), 100u);
  EXPECT_EQ(second.size(), 5000u);
  EXPECT_EQ(second.data() - first.data(), static_cast<std::ptrdiff_t>(Arena::kAlignment));
  std::memset(first.data(), 1, first.size());
  std::memset(second.data(), 2, second.size());
  EXPECT_EQ(first.back(), std::byte{1});
  EXPECT_EQ(arena->uncarved_bytes(), arena->bytes().size() - 3 * Arena::kAlignment);
}

// One arena, several size classes, each with its own low-water mark.
TEST(Arena, HoldsPoolsOfSeveralSizes) {
  const ChunkPool::Options large{.chunk_bytes = 16384, .chunk_count = 8};
  const ChunkPool::Options small{.chunk_bytes = 1024, .chunk_count = 100};
  auto arena = Arena::open(Arena::footprint(*ChunkPool::bytes_for(large)) + Arena::footprint(*ChunkPool::bytes_for(small)));
  ASSERT_TRUE(arena);
  auto large_pool = ChunkPool::open(*arena, large);
  auto small_pool = ChunkPool::open(*arena, small);
  ASSERT_TRUE(large_pool && small_pool);
  {
    const auto one = large_pool->try_borrow();
    const auto other = small_pool->try_borrow();
    const auto* start = arena->bytes().data();
    EXPECT_LT(one.bytes().data() - start, 8 * 16384);
    EXPECT_GE(other.bytes().data() - start, 8 * 16384);
  }
  EXPECT_EQ(large_pool->free_count_min(), 7u);
  EXPECT_EQ(small_pool->free_count_min(), 99u);
}

// The memory that is lent as a whole is no part of what is carved.
TEST(Arena, HasFurtherMemoryBehindTheChunks) {
  auto arena = Arena::open({.chunk_bytes = 10'000, .further_bytes = (std::size_t{8} << 20) + 1});
  ASSERT_TRUE(arena) << arena.error().text;
  const auto further = arena->further();
  EXPECT_EQ(further.size(), std::size_t{10} << 20);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(further.data()) % corering::mem::kHugePageBytes, 0u);
  EXPECT_EQ(arena->bytes().data() + arena->bytes().size(), further.data() + further.size());
  const auto chunks = arena->carve(arena->uncarved_bytes());
  EXPECT_EQ(chunks.data() + chunks.size(), further.data());
  EXPECT_EQ(arena->uncarved_bytes(), 0u);
}

TEST(Arena, DoesWithoutFurtherMemoryThatTheMachineRefuses) {
  for (const std::size_t bytes : {std::size_t{1} << 60, SIZE_MAX}) {
    auto arena = Arena::open({.chunk_bytes = 10'000, .further_bytes = bytes});
    ASSERT_TRUE(arena) << arena.error().text;
    EXPECT_TRUE(arena->further().empty());
    EXPECT_EQ(arena->carve(10'000).size(), 10'000u);
  }
}

TEST(Arena, SaysWhichPagesItGot) {
  const auto arena = Arena::open(8 << 20);
  ASSERT_TRUE(arena);
  EXPECT_FALSE(corering::mem::name_of(arena->pages()).empty());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena->bytes().data()) % corering::mem::kHugePageBytes, 0u);
}

TEST(ArenaDeathTest, HasNoMoreThanItHas) {
  auto arena = Arena::open(4096);
  ASSERT_TRUE(arena);
  EXPECT_DEATH(arena->carve(arena->bytes().size() + 1), "more is carved");
}

}  // namespace
}  // namespace mem_test
