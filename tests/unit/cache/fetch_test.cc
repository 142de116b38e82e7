#include "corering/cache/fetch.h"

#include <gtest/gtest.h>

#include <vector>

#include "tiered_cache.h"

// The interleavings of README.md, each forced: what happens to an item while it is between the tiers.
namespace cache_test {
namespace {

TEST_F(TieredCache, AColdItemComesUpAtItsSecondHit) {
  put("key", "value", {.client_flags = 3});
  push_to_file("key");
  EXPECT_EQ(get("key"), "value");
  EXPECT_EQ(status("key"), GetStatus::cold);
  for (int turns = 0; turns < 10; ++turns) turn(100);  // the rate allows promotions again
  EXPECT_EQ(get("key"), "value");
  EXPECT_EQ(status("key"), GetStatus::hit);
  EXPECT_EQ(cache->counters().l3_hits.value(), 2u);
  EXPECT_EQ(cache->counters().promotions.value(), 1u);
  EXPECT_EQ(cache->peek(bytes_of("key")).item.client_flags(), 3u);
}

TEST_F(TieredCache, ChangesOfAColdItemWaitForIt) {
  put("key", "value");
  push_to_file("key");
  EXPECT_EQ(put("key", "new"), WriteStatus::cold);
  EXPECT_EQ(cache->touch(bytes_of("key"), now_ms + 1000).status, WriteStatus::cold);
  EXPECT_EQ(cache->modify(bytes_of("key"), 1, {}, [](auto) {}).status, WriteStatus::cold);
  EXPECT_EQ(cache->remove(bytes_of("key")), RemoveStatus::cold);
  EXPECT_EQ(fetch("key", Fetch::Purpose::change), "value");
  EXPECT_EQ(put("key", "new"), WriteStatus::stored);
  EXPECT_EQ(get("key"), "new");
}

TEST_F(TieredCache, ADeleteDuringAFetchWins) {
  put("key", "value");
  push_to_file("key");
  Waiter reader;
  Waiter remover;
  remover.then = [&] { EXPECT_EQ(cache->remove(bytes_of("key")), RemoveStatus::removed); };
  ASSERT_TRUE(cache->try_fetch(remover.fetch, bytes_of("key"), Fetch::Purpose::change));
  ASSERT_TRUE(cache->try_fetch(reader.fetch, bytes_of("key"), Fetch::Purpose::read));
  while (remover.ends + reader.ends < 2) turn();
  // Whoever came second saw nothing any more.
  EXPECT_EQ(reader.value, "(none)");
  EXPECT_EQ(get("key"), "(none)");
}

TEST_F(TieredCache, AnOverwriteDuringAFetchWins) {
  put("key", "old");
  push_to_file("key");
  Waiter writer;
  Waiter reader;
  writer.then = [&] { EXPECT_EQ(put("key", "new"), WriteStatus::stored); };
  ASSERT_TRUE(cache->try_fetch(writer.fetch, bytes_of("key"), Fetch::Purpose::change));
  ASSERT_TRUE(cache->try_fetch(reader.fetch, bytes_of("key"), Fetch::Purpose::read));
  while (writer.ends + reader.ends < 2) turn();
  EXPECT_EQ(reader.value, "new");
  EXPECT_EQ(get("key"), "new");
}

TEST_F(TieredCache, AClearDuringAFetchWins) {
  put("key", "value");
  push_to_file("key");
  Waiter waiter;
  ASSERT_TRUE(cache->try_fetch(waiter.fetch, bytes_of("key"), Fetch::Purpose::read));
  cache->clear();
  while (waiter.ends == 0) turn();
  EXPECT_EQ(waiter.value, "(none)");
  EXPECT_EQ(cache->item_count(), 0u);
}

TEST_F(TieredCache, AnExpiryDuringAFetchWins) {
  put("key", "value", {.expiry_ms = now_ms + 100'000});
  push_to_file("key");
  Waiter waiter;
  ASSERT_TRUE(cache->try_fetch(waiter.fetch, bytes_of("key"), Fetch::Purpose::read));
  turn(200'000);
  while (waiter.ends == 0) turn();
  EXPECT_EQ(waiter.value, "(none)");
}

TEST_F(TieredCache, AFetchThatIsDroppedIsNotMissed) {
  put("key", "value");
  push_to_file("key");
  {
    Waiter waiter;
    ASSERT_TRUE(cache->try_fetch(waiter.fetch, bytes_of("key"), Fetch::Purpose::read));
  }
  for (int turns = 0; turns < 20; ++turns) turn();
  EXPECT_EQ(get("key"), "value");
}

TEST_F(TieredCache, TheFileGoesRoundDuringAFetch) {
  put("key", "value");
  push_to_file("key");
  Waiter waiter;
  device.set_faults({.latency_min = std::chrono::milliseconds(1), .latency_max = std::chrono::milliseconds(300)});
  ASSERT_TRUE(cache->try_fetch(waiter.fetch, bytes_of("key"), Fetch::Purpose::read));
  for (int count = 0; count < 20'000; ++count) {
    put("filler" + std::to_string(fillers++), std::string(200, 'f'));
    if (count % 20 == 0) turn(1);
  }
  while (waiter.ends == 0) turn();
  EXPECT_TRUE(waiter.value == "value" || waiter.value == "(none)") << waiter.value;
}

TEST_F(TieredCache, ADiskErrorIsAMiss) {
  put("key", "value");
  push_to_file("key");
  device.set_faults({.read_error = 1000});
  EXPECT_EQ(get("key"), "(none)");
  device.set_faults({});
  EXPECT_EQ(cache->counters().fetch_errors.value(), 1u);
  EXPECT_EQ(put("key", "new"), WriteStatus::stored);
  EXPECT_EQ(get("key"), "new");
}

// --- in the memory tier

TEST_F(TieredCache, AnOverwriteOfAWarmItemLeavesOneOfThem) {
  put("key", "old");
  push_to_memory_tier("key");
  const std::uint64_t items = cache->item_count();
  EXPECT_EQ(put("key", "new"), WriteStatus::stored);
  EXPECT_EQ(cache->item_count(), items);
  const std::uint64_t before = demoted();
  push_down([&] { return demoted() > before + 2'000; });
  EXPECT_EQ(get("key"), "new");
}

TEST_F(TieredCache, AWarmItemThatIsDeletedStaysSoWhenItsSegmentIsCleaned) {
  put("key", "value");
  push_to_memory_tier("key");
  EXPECT_EQ(cache->remove(bytes_of("key")), RemoveStatus::removed);
  const std::uint64_t before = demoted();
  push_down([&] { return demoted() > before + 2'000; });
  EXPECT_EQ(get("key"), "(none)");
}

TEST_F(TieredCache, AClearWhileSegmentsAreCleanedLeavesNothing) {
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t before = demoted();
    push_down([&] { return demoted() > before + 300; });
    put("key", "value");
    cache->clear();
    EXPECT_EQ(cache->item_count(), 0u);
    EXPECT_EQ(get("key"), "(none)");
  }
}

TEST_F(TieredCache, APinnedWarmItemStaysAsItIs) {
  put("key", "value");
  push_to_memory_tier("key");
  {
    const GetResult held = cache->get(bytes_of("key"));
    ASSERT_EQ(held.status, GetStatus::hit);
    EXPECT_EQ(cache->counters().l2_hits.value(), 1u);
    const std::uint64_t before = demoted();
    push_down([&] { return demoted() > before + 2'000; });
    EXPECT_EQ(text_of(held.item.value()), "value");
  }
}

// The old version is the very one that has to leave L1 so that the new one finds room.
TEST_F(TieredCache, AnItemThatIsReplacedDoesNotGoDownMeanwhile) {
  for (int round = 0; round < 3'000; ++round) {
    const std::string key = "key" + std::to_string(round % 7);
    if (put(key, std::string(static_cast<std::size_t>(100 + round % 800), static_cast<char>('a' + round % 26))) ==
        WriteStatus::cold) {
      fetch(key, Fetch::Purpose::change);
      continue;
    }
    put("filler" + std::to_string(fillers++), std::string(900, 'f'));
    ASSERT_EQ(get(key), std::string(static_cast<std::size_t>(100 + round % 800), static_cast<char>('a' + round % 26)));
  }
}

// --- over a crash

TEST_F(TieredCache, WhatIsDurableComesBack) {
  put("key", "value", {.client_flags = 9});
  wait_until_durable();
  restart();
  EXPECT_EQ(get("key"), "value");
}

TEST_F(TieredCache, ADurableOverwriteNeverShowsWhatWasBefore) {
  put("key", "old");
  wait_until_durable();
  put("key", "new");
  wait_until_durable();
  restart();
  EXPECT_EQ(get("key"), "new");
}

TEST_F(TieredCache, ADurableDeleteStaysDeleted) {
  put("key", "value");
  wait_until_durable();
  cache->remove(bytes_of("key"));
  wait_until_durable();
  restart();
  EXPECT_EQ(get("key"), "(none)");
}

TEST_F(TieredCache, APromotedItemThatIsDeletedStaysDeleted) {
  put("key", "value");
  push_to_file("key");
  EXPECT_EQ(fetch("key", Fetch::Purpose::change), "value");
  EXPECT_EQ(cache->remove(bytes_of("key")), RemoveStatus::removed);
  wait_until_durable();
  restart();
  EXPECT_EQ(get("key"), "(none)");
}

TEST_F(TieredCache, ADurableClearStaysClear) {
  for (int number = 0; number < 500; ++number) put(std::to_string(number), "value");
  wait_until_durable();
  cache->clear();
  wait_until_durable();
  restart();
  EXPECT_EQ(cache->item_count(), 0u);
}

TEST_F(TieredCache, ACleanStopLosesNothing) {
  for (int number = 0; number < 500; ++number) put(std::to_string(number), "value" + std::to_string(number));
  cache->begin_stop();
  for (int turns = 0; turns < 1'000 && !cache->is_stopped(); ++turns) turn();
  ASSERT_TRUE(cache->is_stopped());
  restart();
  for (int number = 0; number < 500; ++number) EXPECT_EQ(get(std::to_string(number)), "value" + std::to_string(number));
}

TEST_F(TieredCache, ARequestedSyncPointCoversWhatWasStoredBefore) {
  wait_until_durable();
  ASSERT_EQ(cache->durable_version(), 0u);
  put("key", "value");
  const std::uint64_t ticket = cache->request_sync();
  // Long before sync_ms has passed.
  for (int turns = 0; turns < 100 && cache->durable_version() < ticket; ++turns) turn();
  ASSERT_EQ(cache->durable_version(), ticket);
  restart();
  EXPECT_EQ(get("key"), "value");
}

TEST_F(TieredCache, AFileThatFailsNeverReachesTheRequest) {
  wait_until_durable();
  device.set_faults({.write_error = 1000, .sync_error = 1000});
  put("key", "value");
  const std::uint64_t ticket = cache->request_sync();
  for (int turns = 0; turns < 100; ++turns) turn();
  EXPECT_LT(cache->durable_version(), ticket);
  EXPECT_NE(cache->log()->file_state(), corering::cache::FileState::healthy);
  EXPECT_EQ(get("key"), "value");
}

TEST_F(TieredCache, AdvanceSaysWhenItHasMoreToDo) {
  wait_until_durable();
  // A sync point, though there is nothing new, may be due just now; it has an end.
  for (int steps = 0; cache->advance(now_ms); ++steps) ASSERT_LT(steps, 10);
  ASSERT_FALSE(cache->advance(now_ms));
  const std::string value(200, 'v');
  for (int number = 0; number < 60; ++number) put("key" + std::to_string(number), value);
  cache->request_sync();
  // Until the device is waited for: no time passes.
  while (cache->advance(now_ms)) {
  }
  EXPECT_EQ(cache->counters().dirty_items.value(), 0u);
}

TEST_F(TieredCache, AScanShowsColdItemsByPlace) {
  put("key", "value");
  push_to_file("key");
  int cold = 0;
  bool found = false;
  std::uint64_t cursor = 0;
  do {
    std::vector<corering::cache::ColdItem> places;
    cursor = cache->scan(cursor, [](const auto&) {}, [&](corering::cache::ColdItem item) { places.push_back(item); });
    for (const auto item : places) {
      Waiter waiter;
      ASSERT_TRUE(cache->try_fetch(waiter.fetch, item));
      while (waiter.ends == 0) turn();
      ++cold;
      found = found || (waiter.value == "value" && text_of(waiter.fetch.item().key()) == "key");
    }
  } while (cursor != 0);
  EXPECT_GT(cold, 0);
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace cache_test
