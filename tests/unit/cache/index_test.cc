#include "corering/cache/index.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using corering::cache::Index;
using corering::cache::IndexEntry;
using corering::cache::IndexGeometry;
using corering::cache::Tier;

// splitmix64: the hashes of numbered keys.
std::uint64_t hash_of(std::uint64_t number) {
  std::uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}

Index open() {
  auto index = Index::open();
  EXPECT_TRUE(index);
  return std::move(*index);
}

std::uint64_t seed() {
  const char* text = std::getenv("CORERING_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

TEST(Index, FindsWhatWasInsertedAtEverySize) {
  Index index = open();
  constexpr std::uint64_t kCount = 300'000;
  for (std::uint64_t number = 0; number < kCount; ++number) {
    ASSERT_TRUE(index.try_insert(hash_of(number), Tier::l1, number));
    if (number % 7 == 0) {
      ASSERT_TRUE(index.find_entry(hash_of(number / 2), Tier::l1, number / 2)) << number;
    }
  }
  EXPECT_EQ(index.count(), kCount);
  for (std::uint64_t number = 0; number < kCount; ++number) ASSERT_TRUE(index.find_entry(hash_of(number), Tier::l1, number));
}

TEST(Index, CostsLittleMoreThanEightBytesPerItem) {
  Index index = open();
  for (std::uint64_t number = 0; number < 1'000'000; ++number) ASSERT_TRUE(index.try_insert(hash_of(number), Tier::l1, number));
  EXPECT_LT(static_cast<double>(index.bytes()) / 1e6, 9.7);
}

// Against a map, through growth, with several entries per hash, deletions and changes of place.
TEST(Index, BehavesLikeAMap) {
  Index index = open();
  std::unordered_map<std::uint64_t, std::pair<Tier, std::uint64_t>> model;
  std::uint64_t state = seed();
  SCOPED_TRACE("CORERING_SEED=" + std::to_string(state));
  const auto random = [&](std::uint64_t bound) { return (state = hash_of(state)) % bound; };
  for (int round = 0; round < 2'000'000; ++round) {
    const std::uint64_t number = random(round < 1'000'000 ? 100'000 : 30'000);
    const std::uint64_t hash = hash_of(number);
    const auto known = model.find(number);
    const auto slot = known == model.end()
                          ? index.find(hash, [&](IndexEntry entry) { return entry.location() % 100'000 == number; })
                          : index.find_entry(hash, known->second.first, known->second.second);
    ASSERT_EQ(static_cast<bool>(slot), known != model.end()) << round;
    const std::uint64_t location = random(1000) * 100'000 + number;
    const Tier tier = random(2) == 0 ? Tier::l1 : Tier::log;
    if (!slot) {
      ASSERT_TRUE(index.try_insert(hash, tier, location));
      model[number] = {tier, location};
    } else if (random(3) == 0) {
      index.replace(slot, tier, location);
      model[number] = {tier, location};
    } else {
      index.erase(slot);
      model.erase(number);
    }
  }
  ASSERT_EQ(index.count(), model.size());
  std::set<std::uint64_t> visited;
  std::uint64_t cursor = 0;
  do {
    cursor = index.visit_group(cursor, [&](IndexEntry entry) { visited.insert(entry.location()); });
  } while (cursor != 0);
  EXPECT_EQ(visited.size(), model.size());
  for (const auto& [number, place] : model) EXPECT_TRUE(visited.contains(place.second));
}

// Full lines everywhere: entries lie far from home, and erasing leaves no trace that lookups of missing keys would follow.
TEST(Index, ErasingLeavesNothingBehind) {
  Index index = open();
  const std::uint64_t slots = index.slot_count();
  for (std::uint64_t number = 0; index.slot_count() == slots; ++number)
    ASSERT_TRUE(index.try_insert(hash_of(number), Tier::l1, number));
  const std::uint64_t count = index.count();
  for (std::uint64_t number = 0; number < count; ++number) index.erase(index.find_entry(hash_of(number), Tier::l1, number));
  EXPECT_EQ(index.count(), 0u);
  for (std::uint64_t number = 0; number < count; ++number) {
    EXPECT_FALSE(index.find(hash_of(number), [](IndexEntry) { return true; }));
  }
}

TEST(Index, ManyEntriesOfOneHashAreAllFound) {
  Index index = open();
  for (std::uint64_t location = 1; location <= 16; ++location) ASSERT_TRUE(index.try_insert(hash_of(1), Tier::log, location));
  for (std::uint64_t number = 0; number < 50'000; ++number) ASSERT_TRUE(index.try_insert(hash_of(number), Tier::l1, number));
  for (std::uint64_t location = 1; location <= 16; ++location) {
    const auto slot = index.find_entry(hash_of(1), Tier::log, location);
    ASSERT_TRUE(slot) << location;
    index.erase(slot);
    EXPECT_FALSE(index.find_entry(hash_of(1), Tier::log, location));
  }
}

// More of one hash than lines can count: refused, nothing lost.
TEST(Index, RefusesWhatItCannotPlace) {
  Index index = open();
  std::uint64_t stored = 0;
  while (stored < 1000 && index.try_insert(hash_of(1), Tier::log, stored + 1)) ++stored;
  EXPECT_LT(stored, 1000u);
  EXPECT_EQ(index.count(), stored);
  for (std::uint64_t location = 1; location <= stored; ++location) EXPECT_TRUE(index.find_entry(hash_of(1), Tier::log, location));
}

TEST(Index, TheMarkStaysUntilTheEntryIsReplaced) {
  Index index = open();
  ASSERT_TRUE(index.try_insert(hash_of(1), Tier::log, 5));
  const auto slot = index.find_entry(hash_of(1), Tier::log, 5);
  EXPECT_FALSE(slot.entry().is_marked());
  index.mark(slot);
  EXPECT_TRUE(index.find_entry(hash_of(1), Tier::log, 5).entry().is_marked());
  for (std::uint64_t number = 2; number < 100'000; ++number) ASSERT_TRUE(index.try_insert(hash_of(number), Tier::l1, number));
  EXPECT_TRUE(index.find_entry(hash_of(1), Tier::log, 5).entry().is_marked());
  index.replace(index.find_entry(hash_of(1), Tier::log, 5), Tier::l1, 6);
  EXPECT_FALSE(index.find_entry(hash_of(1), Tier::l1, 6).entry().is_marked());
}

// The promise of SCAN: what stays is returned, while the index grows tenfold between the steps and others come and go.
TEST(Index, ACursorMissesNothingWhileTheIndexGrows) {
  Index index = open();
  for (std::uint64_t number = 0; number < 10'000; ++number) ASSERT_TRUE(index.try_insert(hash_of(number), Tier::l1, number));
  std::set<std::uint64_t> visited;
  std::uint64_t next = 10'000;
  std::uint64_t cursor = 0;
  do {
    cursor = index.visit_group(cursor, [&](IndexEntry entry) { visited.insert(entry.location()); });
    for (int count = 0; count < 100 && next < 200'000; ++count, ++next) {
      ASSERT_TRUE(index.try_insert(hash_of(next), Tier::l1, next));
      if (next % 3 == 0) index.erase(index.find_entry(hash_of(next), Tier::l1, next));
    }
  } while (cursor != 0);
  for (std::uint64_t number = 0; number < 10'000; ++number) ASSERT_TRUE(visited.contains(number)) << number;
}

TEST(IndexGeometry, EveryPairHasOnePlaceAndTheyAreDense) {
  IndexGeometry geometry;
  for (int growths = 0; growths < 12'000; ++growths, geometry.grow()) {
    if (growths % 517 != 0) continue;
    std::vector<bool> taken(geometry.pair_count() * 2, false);
    for (std::uint64_t group = 0; group < geometry.group_count(); ++group) {
      for (std::uint32_t line = 0; line < geometry.lines_of(group); ++line) {
        const std::uint64_t address = geometry.address_of({group, line});
        ASSERT_LT(address, taken.size());
        ASSERT_FALSE(taken[address]);
        taken[address] = true;
      }
    }
    for (const bool each : taken) ASSERT_TRUE(each);
  }
}

TEST(IndexGeometry, PairsDoNotMoveAndTheNewOneIsTheGrowingGroups) {
  IndexGeometry geometry;
  for (int growths = 0; growths < 9'000; ++growths) {
    const std::uint64_t group = geometry.growing_group();
    const std::uint64_t first = geometry.first_hash_of(group);
    const std::uint32_t lines = geometry.lines_of(group);
    const std::uint64_t pairs = geometry.pair_count();
    std::vector<std::uint64_t> addresses;
    for (std::uint32_t line = 0; line < lines; ++line) addresses.push_back(geometry.address_of({group, line}));
    geometry.grow();
    IndexGeometry::Place place{geometry.group_of(first), 0};
    for (std::uint32_t line = 0; line < lines; ++line, place = geometry.after(place, 0))
      ASSERT_EQ(geometry.address_of(place), addresses[line]) << growths;
    ASSERT_EQ(geometry.address_of(place), 2 * pairs);
  }
}

TEST(IndexGeometry, ATagFindsItsHomeFromItsNeighbours) {
  IndexGeometry geometry;
  for (int growths = 0; growths < 5'000; ++growths, geometry.grow()) {
    const std::uint64_t hash = hash_of(static_cast<std::uint64_t>(growths));
    const auto home = geometry.home_of(hash);
    for (std::uint64_t distance = 0; distance < 4; ++distance) {
      const std::uint64_t group = (home.group + distance) % geometry.group_count();
      ASSERT_EQ(geometry.home_from(IndexGeometry::tag_of(hash), group), home);
    }
  }
}

}  // namespace
