#include "corering/base/strong_id.h"

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <map>
#include <string>

namespace {

using CoreId = corering::base::StrongId<struct CoreTag, std::uint16_t>;
using ChunkId = corering::base::StrongId<struct ChunkTag, std::uint16_t>;

template <typename Left, typename Right>
concept Mixes = requires(Left left, Right right) { left == right; } || std::convertible_to<Left, Right>;

static_assert(!Mixes<CoreId, ChunkId>, "ids of two kinds are compared or converted");
static_assert(!Mixes<CoreId, int> && !Mixes<int, CoreId>, "an id is taken for a number");
static_assert(sizeof(ChunkId) == sizeof(std::uint16_t), "an id costs more than its number");

TEST(StrongId, OrdersByItsNumberAndStartsAtZero) {
  const std::map<CoreId, char> names{{CoreId{2}, 'b'}, {CoreId{1}, 'a'}, {CoreId{300}, 'c'}};
  std::string order;
  for (const auto& [id, name] : names) order += name;
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(CoreId{}, CoreId{0});
}

}  // namespace
