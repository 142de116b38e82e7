#include "corering/cache/cache.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using corering::base::bytes_of;
using corering::base::ByteView;
using corering::base::MutableBytes;
using corering::base::text_of;
using corering::cache::Cache;
using corering::cache::CacheOptions;
using corering::cache::Condition;
using corering::cache::GetResult;
using corering::cache::GetStatus;
using corering::cache::ItemRef;
using corering::cache::kNeverExpires;
using corering::cache::RemoveStatus;
using corering::cache::WriteStatus;

constexpr std::int64_t kStart = 1'700'000'000'000;

class CacheTest : public testing::Test {
 protected:
  explicit CacheTest(CacheOptions options = {.l1_bytes = 1 << 20, .now_ms = kStart}) {
    options.now_ms = kStart;
    auto opened = Cache::open(options);
    EXPECT_TRUE(opened) << opened.error().text;
    cache = std::move(*opened);
  }

  WriteStatus put(std::string_view key, std::string_view value, const corering::cache::PutOptions& options = {}) {
    return cache->put(bytes_of(key), bytes_of(value), options).status;
  }
  // "(miss)" if it is none.
  std::string get(std::string_view key) {
    const GetResult result = cache->get(bytes_of(key));
    return result.status == GetStatus::hit ? std::string(text_of(result.item.value())) : "(miss)";
  }
  RemoveStatus remove(std::string_view key) { return cache->remove(bytes_of(key)); }
  std::uint64_t version(std::string_view key) { return cache->peek(bytes_of(key)).item.version(); }

  std::unique_ptr<Cache> cache;
};

TEST_F(CacheTest, ReturnsWhatWasStoredLast) {
  EXPECT_EQ(get("key"), "(miss)");
  EXPECT_EQ(put("key", "first"), WriteStatus::stored);
  EXPECT_EQ(get("key"), "first");
  EXPECT_EQ(put("key", "the second is longer"), WriteStatus::stored);
  EXPECT_EQ(get("key"), "the second is longer");
  EXPECT_EQ(put("key", ""), WriteStatus::stored);
  EXPECT_EQ(get("key"), "");
  EXPECT_EQ(put("", "an empty key is a key"), WriteStatus::stored);
  EXPECT_EQ(get(""), "an empty key is a key");
  EXPECT_EQ(cache->item_count(), 2u);
}

TEST_F(CacheTest, RemovesOnce) {
  put("key", "value");
  EXPECT_EQ(remove("key"), RemoveStatus::removed);
  EXPECT_EQ(get("key"), "(miss)");
  EXPECT_EQ(remove("key"), RemoveStatus::absent);
  EXPECT_EQ(cache->item_count(), 0u);
}

TEST_F(CacheTest, KeepsExpiryAndFlagsWithTheItem) {
  put("key", "value", {.expiry_ms = kStart + 10, .client_flags = 77});
  const GetResult result = cache->get(bytes_of("key"));
  EXPECT_EQ(result.item.expiry_ms(), kStart + 10);
  EXPECT_EQ(result.item.client_flags(), 77u);
  EXPECT_EQ(text_of(result.item.key()), "key");
}

TEST_F(CacheTest, AnItemIsAMissFromItsExpiryOn) {
  put("key", "value", {.expiry_ms = kStart + 10});
  cache->advance(kStart + 9);
  EXPECT_EQ(get("key"), "value");
  cache->advance(kStart + 10);
  EXPECT_EQ(get("key"), "(miss)");
  EXPECT_EQ(cache->item_count(), 0u);
  put("dead on arrival", "value", {.expiry_ms = kStart});
  EXPECT_EQ(get("dead on arrival"), "(miss)");
}

TEST_F(CacheTest, TouchChangesTheExpiryAlone) {
  put("key", "value", {.client_flags = 5});
  const std::uint64_t before = version("key");
  EXPECT_EQ(cache->touch(bytes_of("key"), kStart + 5).status, WriteStatus::stored);
  EXPECT_GT(version("key"), before);
  EXPECT_EQ(get("key"), "value");
  EXPECT_EQ(cache->peek(bytes_of("key")).item.client_flags(), 5u);
  EXPECT_EQ(cache->touch(bytes_of("key"), kNeverExpires).status, WriteStatus::stored);
  cache->advance(kStart + 100);
  EXPECT_EQ(get("key"), "value");
  EXPECT_EQ(cache->touch(bytes_of("other"), kNeverExpires).status, WriteStatus::absent);
}

TEST_F(CacheTest, StoresOnConditions) {
  EXPECT_EQ(put("key", "1", {.condition = Condition::if_present}), WriteStatus::absent);
  EXPECT_EQ(put("key", "1", {.condition = Condition::if_version, .version = 1}), WriteStatus::absent);
  EXPECT_EQ(put("key", "1", {.condition = Condition::if_absent}), WriteStatus::stored);
  EXPECT_EQ(put("key", "2", {.condition = Condition::if_absent}), WriteStatus::present);
  EXPECT_EQ(put("key", "2", {.condition = Condition::if_present}), WriteStatus::stored);
  const std::uint64_t seen = version("key");
  EXPECT_EQ(put("key", "3", {.condition = Condition::if_version, .version = seen}), WriteStatus::stored);
  EXPECT_EQ(put("key", "4", {.condition = Condition::if_version, .version = seen}), WriteStatus::differs);
  EXPECT_EQ(get("key"), "3");
  put("old", "1", {.expiry_ms = kStart});
  EXPECT_EQ(put("old", "2", {.condition = Condition::if_absent}), WriteStatus::stored);
}

TEST_F(CacheTest, ModifiesWhatIsThere) {
  put("key", "abc", {.expiry_ms = kStart + 10, .client_flags = 9});
  const auto append = [&](std::string_view more) {
    const std::size_t before = cache->peek(bytes_of("key")).item.value().size();
    return cache->modify(bytes_of("key"), before + more.size(), {},
                         [&](MutableBytes value) { std::memcpy(value.data() + before, more.data(), more.size()); });
  };
  std::string expected = "abc";
  for (int round = 0; round < 50; ++round) {
    const std::string more(static_cast<std::size_t>(round), static_cast<char>('a' + round % 26));
    EXPECT_EQ(append(more).status, WriteStatus::stored);
    expected += more;
    ASSERT_EQ(get("key"), expected);
  }
  EXPECT_EQ(cache->peek(bytes_of("key")).item.expiry_ms(), kStart + 10);
  EXPECT_EQ(cache->peek(bytes_of("key")).item.client_flags(), 9u);
  const auto nothing = [](MutableBytes) {};
  EXPECT_EQ(cache->modify(bytes_of("key"), 2, {}, nothing).status, WriteStatus::stored);
  EXPECT_EQ(get("key"), "ab");
  EXPECT_EQ(cache->modify(bytes_of("key"), 2, {.if_version = 1}, nothing).status, WriteStatus::differs);
  EXPECT_EQ(cache->modify(bytes_of("other"), 2, {}, nothing).status, WriteStatus::absent);
}

TEST_F(CacheTest, APinnedItemStaysAsItIsWhateverHappensToIt) {
  put("key", "before");
  const GetResult held = cache->get(bytes_of("key"));
  put("key", "behind");
  EXPECT_EQ(text_of(held.item.value()), "before");
  EXPECT_EQ(get("key"), "behind");
  remove("key");
  cache->clear();
  for (int number = 0; number < 100'000; ++number) put("other" + std::to_string(number), std::string(100, 'x'));
  EXPECT_EQ(text_of(held.item.key()), "key");
  EXPECT_EQ(text_of(held.item.value()), "before");
}

TEST_F(CacheTest, UnpinnedItemsChangeInPlace) {
  put("key", "before");
  const std::byte* where = cache->peek(bytes_of("key")).item.value().data();
  put("key", "behind");
  EXPECT_EQ(cache->peek(bytes_of("key")).item.value().data(), where);
  EXPECT_EQ(cache->counters().in_place.value(), 1u);
}

TEST_F(CacheTest, ClearEmptiesAndTheCacheGoesOn) {
  for (int number = 0; number < 5'000; ++number) put(std::to_string(number), "value");
  cache->clear();
  EXPECT_EQ(cache->item_count(), 0u);
  for (int number = 0; number < 5'000; ++number) ASSERT_EQ(get(std::to_string(number)), "(miss)");
  put("1", "new");
  EXPECT_EQ(get("1"), "new");
}

TEST_F(CacheTest, ABatchIsAsManyGets) {
  std::vector<std::string> names;
  for (int number = 0; number < 100; ++number) names.push_back("key" + std::to_string(number));
  for (std::size_t number = 0; number < names.size(); number += 2) put(names[number], names[number] + "!");
  std::vector<ByteView> keys;
  for (const std::string& name : names) keys.push_back(bytes_of(name));
  std::vector<GetResult> results(keys.size());
  cache->get_batch(keys, results);
  for (std::size_t number = 0; number < names.size(); ++number) {
    ASSERT_EQ(results[number].status, number % 2 == 0 ? GetStatus::hit : GetStatus::miss);
    if (number % 2 == 0) {
      EXPECT_EQ(text_of(results[number].item.value()), names[number] + "!");
    }
  }
}

// The oldest leave; what is asked for stays.
TEST_F(CacheTest, EvictsWhatNobodyAsksFor) {
  put("hot", "value");
  for (int number = 0; number < 100'000; ++number) {
    ASSERT_EQ(put("cold" + std::to_string(number), std::string(100, 'x')), WriteStatus::stored);
    ASSERT_EQ(get("hot"), "value") << number;
  }
  EXPECT_LE(cache->memory_bytes(), (std::size_t{1} << 20) + (std::size_t{1} << 19));
  EXPECT_GT(cache->counters().l1_evicted.value(), 90'000u);
  EXPECT_GT(cache->item_count(), 6'000u);
}

// Nine tenths of the budget in live bytes: rewritten for ever with other sizes, nothing may get lost to fragmentation.
TEST_F(CacheTest, ADataSetThatFitsNeverLosesAnItem) {
  constexpr int kItems = 6'000;
  std::vector<std::string> values(kItems);
  std::uint64_t state = 1;
  for (int round = 0; round < 300'000; ++round) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto number = static_cast<std::size_t>(state >> 33) % kItems;
    values[number] = std::string((state >> 20) % 200, static_cast<char>('a' + round % 26));
    ASSERT_EQ(put(std::to_string(number), values[number]), WriteStatus::stored);
  }
  for (int number = 0; number < kItems; ++number) ASSERT_EQ(get(std::to_string(number)), values[static_cast<std::size_t>(number)]);
  EXPECT_EQ(cache->counters().l1_evicted.value(), 0u);
}

TEST_F(CacheTest, ExpiredItemsAreFoundWithoutBeingAskedFor) {
  for (int number = 0; number < 5'000; ++number)
    put(std::to_string(number), "value", {.expiry_ms = number % 2 == 0 ? kStart + 10 : kNeverExpires});
  for (int turn = 0; turn < 100; ++turn) cache->advance(kStart + 10);
  EXPECT_EQ(cache->item_count(), 2'500u);
}

TEST_F(CacheTest, AScanReturnsWhatStays) {
  for (int number = 0; number < 2'000; ++number) put("stays" + std::to_string(number), "value");
  std::set<std::string> seen;
  std::uint64_t cursor = 0;
  int other = 0;
  do {
    cursor = cache->scan(cursor, [&](const ItemRef& item) { seen.emplace(text_of(item.key())); });
    put("goes" + std::to_string(other), "value");
    if (other > 0) remove("goes" + std::to_string(other - 1));
    ++other;
  } while (cursor != 0);
  for (int number = 0; number < 2'000; ++number) EXPECT_TRUE(seen.contains("stays" + std::to_string(number)));
}

TEST_F(CacheTest, LargeValuesHaveMemoryOfTheirOwn) {
  const std::string large(300'000, 'l');
  EXPECT_EQ(put("large", large), WriteStatus::stored);
  EXPECT_EQ(get("large"), large);
  const std::string other(290'000, 'm');
  EXPECT_EQ(put("large", other, {.client_flags = 3}), WriteStatus::stored);
  EXPECT_EQ(get("large"), other);
  EXPECT_EQ(put("large", "small again"), WriteStatus::stored);
  EXPECT_EQ(get("large"), "small again");
  EXPECT_EQ(put("large", large), WriteStatus::stored);
  {
    const GetResult held = cache->get(bytes_of("large"));
    EXPECT_EQ(remove("large"), RemoveStatus::removed);
    EXPECT_EQ(text_of(held.item.value()), large);
  }
  for (int number = 0; number < 50; ++number) EXPECT_EQ(put(std::to_string(number), large), WriteStatus::stored);
  EXPECT_LE(cache->memory_bytes(), (std::size_t{1} << 20) + (std::size_t{1} << 19));
  EXPECT_EQ(get("49"), large);
  EXPECT_EQ(put("too large for this cache", std::string(2 << 20, 'x')), WriteStatus::no_memory);
}

TEST_F(CacheTest, AReservationIsAnItemOnceItIsCommitted) {
  for (const std::size_t bytes : {std::size_t{1'000}, std::size_t{300'000}}) {
    const std::string value(bytes, 'r');
    put("key", "old");
    auto reservation = cache->try_reserve(bytes_of("key"), bytes, {});
    ASSERT_TRUE(reservation);
    EXPECT_EQ(get("key"), "old");
    std::memcpy(reservation.value().data(), value.data(), bytes);
    EXPECT_EQ(cache->commit(reservation, bytes_of("key"), {.condition = Condition::if_absent}).status, WriteStatus::present);
    EXPECT_EQ(get("key"), "old");

    reservation = cache->try_reserve(bytes_of("key"), bytes, {});
    std::memcpy(reservation.value().data(), value.data(), bytes);
    EXPECT_EQ(cache->commit(reservation, bytes_of("key"), {}).status, WriteStatus::stored);
    EXPECT_FALSE(reservation);
    EXPECT_EQ(get("key"), value);

    // Whatever is evicted meanwhile, and a clear in between.
    reservation = cache->try_reserve(bytes_of("key"), bytes, {});
    ASSERT_TRUE(reservation);
    std::memcpy(reservation.value().data(), value.data(), bytes);
    for (int number = 0; number < 30'000; ++number) put("other" + std::to_string(number), std::string(100, 'x'));
    cache->clear();
    EXPECT_EQ(cache->commit(reservation, bytes_of("key"), {}).status, WriteStatus::stored);
    EXPECT_FALSE(reservation);
    EXPECT_EQ(get("key"), value);
  }
}

TEST_F(CacheTest, TheBudgetCanChange) {
  for (int number = 0; number < 20'000; ++number) put(std::to_string(number), std::string(100, 'x'));
  const std::uint64_t many = cache->item_count();
  ASSERT_TRUE(cache->set_l1_bytes(256 << 10));
  for (int turn = 0; turn < 100; ++turn) cache->advance(kStart);
  EXPECT_LT(cache->item_count(), many / 3);
  EXPECT_LE(cache->memory_bytes(), (256u << 10) + (512u << 10));
  ASSERT_TRUE(cache->set_l1_bytes(4 << 20));
  for (int number = 0; number < 20'000; ++number) put(std::to_string(number), std::string(100, 'x'));
  EXPECT_EQ(cache->item_count(), 20'000u);
  EXPECT_FALSE(cache->set_l1_bytes(4096));
}

TEST_F(CacheTest, RefusesWhatNoCacheTakes) {
  EXPECT_EQ(put(std::string(65537, 'k'), "value"), WriteStatus::too_large);
  EXPECT_EQ(cache->write(bytes_of("key"), (std::size_t{512} << 20) + 1, {}, [](MutableBytes) {}).status, WriteStatus::too_large);
  EXPECT_FALSE(Cache::open({.l1_bytes = 1000}));
  EXPECT_FALSE(Cache::open({.l1_bytes = 1 << 20, .segment_bytes = 5000}));
}

// All memory is pinned: a put is refused, what is there stays, and it goes on when the pins go.
TEST_F(CacheTest, RefusesWhenEverythingIsPinned) {
  std::vector<ItemRef> held;
  int number = 0;
  while (put(std::to_string(number), std::string(3'000, 'x')) == WriteStatus::stored && number < 1'000) {
    held.push_back(std::move(cache->get(bytes_of(std::to_string(number))).item));
    ++number;
  }
  ASSERT_LT(number, 1'000);
  EXPECT_GT(cache->counters().no_memory.value(), 0u);
  EXPECT_EQ(get(std::to_string(number - 1)), std::string(3'000, 'x'));
  held.clear();
  EXPECT_EQ(put("after", std::string(3'000, 'y')), WriteStatus::stored);
}

// Records of which a few fill a segment leave its end empty, wherever they are moved to: no compaction can win that back.
TEST(CacheOfLargeRecords, EvictsInsteadOfMovingThemForEver) {
  for (const std::size_t bytes : {700u, 800u, 900u, 1000u}) {
    auto cache = Cache::open({.l1_bytes = 64 * 4096, .segment_bytes = 4096});
    ASSERT_TRUE(cache);
    const std::string value(bytes, 'v');
    for (int number = 0; number < 2'000; ++number) {
      const std::string key = "key" + std::to_string(number);
      ASSERT_EQ((*cache)->put(bytes_of(key), bytes_of(value)).status, WriteStatus::stored);
      ASSERT_EQ((*cache)->get(bytes_of(key)).status, GetStatus::hit);
      if (number % 100 == 0) {
        const std::string large(60'000, 'l');
        ASSERT_EQ((*cache)->put(bytes_of("large" + std::to_string(number)), bytes_of(large)).status, WriteStatus::stored);
      }
    }
    EXPECT_GT((*cache)->counters().l1_evicted.value(), 1'000u);
  }
}

}  // namespace
