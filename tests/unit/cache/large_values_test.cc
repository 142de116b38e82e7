#include "corering/cache/large_values.h"

#include <gtest/gtest.h>

namespace {

using corering::cache::LargeValues;
using corering::cache::Pin;

TEST(LargeValues, GivesMemoryAndCountsIt) {
  LargeValues values;
  const auto first = values.try_take(10'000);
  const auto second = values.try_take(3 << 20);
  ASSERT_TRUE(first && second);
  EXPECT_GE(values.memory(*first).size(), 10'000u);
  EXPECT_EQ(values.bytes(), values.memory(*first).size() + values.memory(*second).size());
  values.release(*first);
  EXPECT_EQ(values.bytes(), values.memory(*second).size());
  EXPECT_EQ(*values.try_take(5'000), *first);
  values.release_all();
  EXPECT_EQ(values.bytes(), 0u);
}

TEST(LargeValues, APinnedValueStaysUntilThePinGoes) {
  LargeValues values;
  const auto number = values.try_take(10'000);
  values.memory(*number)[5] = std::byte{42};
  {
    const Pin pin = values.pin(*number);
    values.release(*number);
    EXPECT_EQ(values.memory(*number)[5], std::byte{42});
    EXPECT_NE(values.bytes(), 0u);
    values.release_all();  // not twice
  }
  EXPECT_EQ(values.bytes(), 0u);
}

TEST(LargeValues, AReleasedValueCanBeRevivedWhileItIsPinned) {
  LargeValues values;
  const auto number = values.try_take(10'000);
  {
    const Pin pin = values.pin(*number);
    values.release(*number);
    values.revive(*number);
  }
  EXPECT_NE(values.bytes(), 0u);
  values.release(*number);
  EXPECT_EQ(values.bytes(), 0u);
}

TEST(LargeValues, RefusesWhatTheMachineDoesNotHave) { EXPECT_FALSE(LargeValues().try_take(std::size_t{1} << 60)); }

}  // namespace
