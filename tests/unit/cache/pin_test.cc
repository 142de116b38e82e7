#include "corering/cache/pin.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace {

using corering::cache::Pin;
using corering::cache::PinTarget;

void count(void* owner, PinTarget& /*target*/) { ++*static_cast<int*>(owner); }

TEST(Pin, HoldsItsTargetUntilTheLastGoes) {
  PinTarget target;
  int freed = 0;
  std::optional<Pin> first(target);
  Pin second(target);
  EXPECT_TRUE(target.is_pinned());
  target.retire(&count, &freed);
  EXPECT_TRUE(target.is_retired());
  first.reset();
  EXPECT_EQ(freed, 0);
  second = Pin();
  EXPECT_EQ(freed, 1);
  EXPECT_FALSE(target.is_retired());
}

TEST(Pin, WithoutAnyTheTargetIsFreeAtOnce) {
  PinTarget target;
  int freed = 0;
  target.retire(&count, &freed);
  EXPECT_EQ(freed, 1);
}

TEST(Pin, MovesWithItsHold) {
  PinTarget target;
  Pin first(target);
  Pin second(std::move(first));
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
  EXPECT_TRUE(target.is_pinned());
}

TEST(Pin, ARevivedTargetIsNotFreed) {
  PinTarget target;
  int freed = 0;
  {
    const Pin pin(target);
    target.retire(&count, &freed);
    target.revive();
  }
  EXPECT_EQ(freed, 0);
}

TEST(PinDeathTest, ATargetOutlivesItsPins) {
  EXPECT_DEATH(
      {
        Pin pin;
        PinTarget target;
        pin = Pin(target);
      },
      "memory dies while it is pinned");
}

}  // namespace
