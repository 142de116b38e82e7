#include "corering/cache/recovery_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "corering/testing/random.h"

namespace {

using namespace corering::cache;

std::map<std::uint64_t, std::uint64_t> contents(const RecoveryTable& table) {
  std::map<std::uint64_t, std::uint64_t> all;
  std::size_t cursor = 0;
  while (table.visit_some(cursor, 7, [&](std::uint64_t hash, LogLocation location) { all[hash] = location.units; })) {
  }
  return all;
}

// Hashes that collide in their low bits, so that erasing has something to move.
TEST(RecoveryTable, HoldsWhatAMapHolds) {
  const char* const text = std::getenv("CORERING_SEED");
  const std::uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("CORERING_SEED=" + std::to_string(seed));
  corering::testing::Random random(seed);
  RecoveryTable table;
  std::map<std::uint64_t, std::uint64_t> model;
  for (int step = 0; step < 200'000; ++step) {
    const std::uint64_t hash = random.below(40) << 40 | random.below(200);
    if (random.chance(600)) {
      const std::uint64_t units = random.below(1 << 20);
      table.set(hash, {units});
      model[hash] = units;
    } else {
      table.erase(hash);
      model.erase(hash);
    }
    if (random.below(50'000) == 0) {
      table.clear();
      model.clear();
    }
    ASSERT_EQ(table.size(), model.size());
  }
  EXPECT_EQ(contents(table), model);
}

TEST(RecoveryTable, GrowsWithoutLosingAny) {
  RecoveryTable table;
  for (std::uint64_t number = 0; number < 100'000; ++number) table.set(number * 0x9e3779b97f4a7c15ULL, {number});
  const auto all = contents(table);
  ASSERT_EQ(all.size(), 100'000u);
  for (std::uint64_t number = 0; number < 100'000; ++number) EXPECT_EQ(all.at(number * 0x9e3779b97f4a7c15ULL), number);
}

}  // namespace
