#include "corering/cache/ghost.h"

#include <gtest/gtest.h>

namespace {

using corering::cache::Ghost;

std::uint64_t hash_of(std::uint64_t number) {
  return (number + 1) * 0x9e3779b97f4a7c15ULL ^ (number + 1) * 0xbf58476d1ce4e5b9ULL >> 7;
}

TEST(Ghost, IsThereOnce) {
  Ghost ghost;
  EXPECT_FALSE(ghost.take(hash_of(1)));
  ghost.add(hash_of(1), 100);
  EXPECT_TRUE(ghost.take(hash_of(1)));
  EXPECT_FALSE(ghost.take(hash_of(1)));
}

TEST(Ghost, IsGoneWhenAsManyOthersHaveCome) {
  Ghost ghost;
  for (std::uint64_t number = 0; number < 10'000; ++number) ghost.add(hash_of(number), 1'000);
  int early = 0;
  int late = 0;
  for (std::uint64_t number = 0; number < 9'000; ++number) early += ghost.take(hash_of(number)) ? 1 : 0;
  for (std::uint64_t number = 9'100; number < 10'000; ++number) late += ghost.take(hash_of(number)) ? 1 : 0;
  EXPECT_LT(early, 20);
  EXPECT_GT(late, 850);
}

TEST(Ghost, CostsNothingBeforeTheFirstAndEightBytesEach) {
  Ghost ghost;
  EXPECT_EQ(ghost.bytes(), 0u);
  ghost.add(1, 1 << 16);
  EXPECT_EQ(ghost.bytes(), std::size_t{8} << 16);
  ghost.clear();
  EXPECT_EQ(ghost.bytes(), 0u);
}

}  // namespace
