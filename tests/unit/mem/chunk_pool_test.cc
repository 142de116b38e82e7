#include "corering/mem/chunk_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

namespace {

using corering::base::ErrorCode;
using corering::mem::Chunk;
using corering::mem::ChunkId;
using corering::mem::ChunkPool;

ChunkPool pool_of(std::size_t count, std::size_t bytes = 256) {
  auto pool = ChunkPool::open({.chunk_bytes = bytes, .chunk_count = count});
  EXPECT_TRUE(pool.has_value());
  return std::move(*pool);
}

TEST(ChunkPool, CutsItsMemoryIntoChunksThatDoNotOverlap) {
  constexpr std::size_t kCount = 100;
  constexpr std::size_t kBytes = 192;
  ChunkPool pool = pool_of(kCount, kBytes);
  std::vector<Chunk> chunks;
  for (std::size_t index = 0; index < kCount; ++index) {
    chunks.push_back(pool.try_borrow());
    ASSERT_EQ(chunks.back().bytes().size(), kBytes);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(chunks.back().bytes().data()) % 64, 0u);
    std::ranges::fill(chunks.back().bytes(), static_cast<std::byte>(index));
  }
  for (std::size_t index = 0; index < kCount; ++index) {
    EXPECT_TRUE(std::ranges::all_of(chunks[index].bytes(), [&](std::byte byte) { return byte == static_cast<std::byte>(index); }));
  }
}

TEST(ChunkPool, LendsTheChunkThatCameBackLast) {
  ChunkPool pool = pool_of(8);
  Chunk first = pool.try_borrow();
  Chunk second = pool.try_borrow();
  Chunk third = pool.try_borrow();
  const void* second_bytes = second.bytes().data();
  const void* first_bytes = first.bytes().data();
  {
    const Chunk dies = std::move(second);
  }
  {
    const Chunk dies = std::move(first);
  }
  const Chunk again = pool.try_borrow();
  const Chunk before = pool.try_borrow();
  EXPECT_EQ(again.bytes().data(), first_bytes);
  EXPECT_EQ(before.bytes().data(), second_bytes);
}

// What an echo at full load relies on: it touches as many chunks as are in flight, not as many as there are.
TEST(ChunkPool, AColdPoolStaysColdWhileFewChunksAreInFlight) {
  ChunkPool pool = pool_of(64);
  std::set<const void*> touched;
  for (int round = 0; round < 1'000; ++round) {
    const Chunk one = pool.try_borrow();
    const Chunk other = pool.try_borrow();
    touched.insert({one.bytes().data(), other.bytes().data()});
  }
  EXPECT_EQ(touched.size(), 2u);
}

TEST(ChunkPool, IsEmptyHandedWhenAllAreOutAndRecovers) {
  ChunkPool pool = pool_of(3);
  std::vector<Chunk> chunks;
  for (int count = 0; count < 3; ++count) chunks.push_back(pool.try_borrow());
  EXPECT_FALSE(pool.try_borrow());
  EXPECT_EQ(pool.free_count(), 0u);
  const void* freed = chunks[1].bytes().data();
  {
    const Chunk dies = std::move(chunks[1]);
  }
  const Chunk next = pool.try_borrow();
  ASSERT_TRUE(next);
  EXPECT_EQ(next.bytes().data(), freed);
}

TEST(ChunkPool, RemembersTheLowWaterMark) {
  ChunkPool pool = pool_of(10);
  EXPECT_EQ(pool.free_count_min(), 10u);
  {
    const Chunk one = pool.try_borrow();
    const Chunk other = pool.try_borrow();
  }
  const Chunk again = pool.try_borrow();
  EXPECT_EQ(pool.free_count(), 9u);
  EXPECT_EQ(pool.free_count_min(), 8u);
}

TEST(ChunkPool, ManagesAsManyAsSixteenBitsName) {
  ChunkPool pool = pool_of(ChunkPool::kChunkCountMax, 64);
  std::vector<Chunk> chunks;
  std::set<const void*> places;
  for (std::size_t index = 0; index < ChunkPool::kChunkCountMax; ++index) {
    chunks.push_back(pool.try_borrow());
    places.insert(chunks.back().bytes().data());
  }
  EXPECT_EQ(places.size(), ChunkPool::kChunkCountMax);
  EXPECT_FALSE(pool.try_borrow());
}

TEST(ChunkPool, RefusesImpossibleSizes) {
  const ChunkPool::Options impossible[] = {
      {.chunk_bytes = 0, .chunk_count = 1},
      {.chunk_bytes = 100, .chunk_count = 1},
      {.chunk_bytes = 64, .chunk_count = 0},
      {.chunk_bytes = 64, .chunk_count = ChunkPool::kChunkCountMax + 1},
  };
  for (const ChunkPool::Options& options : impossible) {
    const auto pool = ChunkPool::open(options);
    ASSERT_FALSE(pool.has_value()) << options.chunk_bytes << " x " << options.chunk_count;
    EXPECT_EQ(pool.error().code, ErrorCode::invalid_argument);
  }
}

// Bytes times count wraps around to 4 MiB here: a pool that opens would hand out memory it does not have.
TEST(ChunkPool, RefusesMoreBytesThanASizeCanSay) {
  const auto pool = ChunkPool::open({.chunk_bytes = (std::size_t{1} << 48) + 64, .chunk_count = ChunkPool::kChunkCountMax});
  EXPECT_FALSE(pool.has_value());
}

TEST(ChunkPool, MovesWithItsMemory) {
  ChunkPool first = pool_of(4);
  ChunkPool second = std::move(first);
  {
    const Chunk chunk = second.try_borrow();
    ASSERT_TRUE(chunk);
    EXPECT_EQ(second.free_count(), 3u);
  }
  EXPECT_EQ(second.free_count(), 4u);
}

TEST(Chunk, MovingHandsTheChunkOnAndGivesNothingBack) {
  ChunkPool pool = pool_of(4);
  Chunk first = pool.try_borrow();
  const void* place = first.bytes().data();
  Chunk second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.bytes().data(), place);
  Chunk third;
  third = std::move(second);
  EXPECT_FALSE(second);
  EXPECT_EQ(third.bytes().data(), place);
  EXPECT_EQ(pool.free_count(), 3u);
}

TEST(Chunk, AssigningOverAChunkLosesNeither) {
  ChunkPool pool = pool_of(4);
  {
    Chunk kept = pool.try_borrow();
    const void* place = kept.bytes().data();
    Chunk overwritten = pool.try_borrow();
    overwritten = std::move(kept);
    EXPECT_EQ(overwritten.bytes().data(), place);
  }
  EXPECT_EQ(pool.free_count(), 4u);
}

// The way through the kernel: released to it by id, adopted when the completion names the id.
TEST(Chunk, ReleasedToTheKernelItStaysOutUntilItIsAdopted) {
  ChunkPool pool = pool_of(4);
  Chunk lent = pool.try_borrow();
  std::memcpy(lent.bytes().data(), "received", 8);
  const ChunkId id = lent.release();
  EXPECT_FALSE(lent);
  EXPECT_EQ(pool.free_count(), 3u);
  {
    const Chunk back = pool.adopt(id);
    EXPECT_EQ(back.bytes().data(), pool.bytes(id).data());
    EXPECT_EQ(std::memcmp(back.bytes().data(), "received", 8), 0);
  }
  EXPECT_EQ(pool.free_count(), 4u);
}

TEST(ChunkPoolDeathTest, AChunkCannotComeBackTwice) {
  EXPECT_DEATH(
      {
        ChunkPool pool = pool_of(2);
        const ChunkId id = pool.try_borrow().release();
        Chunk once = pool.adopt(id);
        Chunk twice = pool.adopt(id);
      },
      "a chunk is given back twice");
}

TEST(ChunkPoolDeathTest, OnlyAChunkThatIsOutCanBeAdopted) {
  ChunkPool pool = pool_of(2);
  EXPECT_DEATH(static_cast<void>(pool.adopt(ChunkId{0})), "a chunk is adopted that is not out");
  EXPECT_DEATH(static_cast<void>(pool.adopt(ChunkId{2})), "a chunk is adopted that is not out");
}

TEST(ChunkPoolDeathTest, AChunkMustNotOutliveItsPool) {
  EXPECT_DEATH(
      {
        Chunk chunk;
        ChunkPool pool = pool_of(2);
        chunk = pool.try_borrow();
      },
      "a chunk outlives its pool");
}

}  // namespace
