// What the file must hold: rounds of write-back, a clean stop, and values that are large for L1 or for the log.
#include "corering/cache/log_owner.h"

#include <gtest/gtest.h>

#include <string>

#include "tiered_cache.h"

namespace cache_test {
namespace {

// The file has four segments in use, and no quarantined one, when a round comes that needs four.
TEST_F(TieredCache, ARoundThatFindsTheFileFullEndsAndTheRestFollows) {
  reopen(256 << 10, 8);
  for (int round = 0; round < 20; ++round) {
    const std::string value(1000, static_cast<char>('a' + round));
    for (int number = 0; number < 55; ++number) ASSERT_EQ(put("key" + std::to_string(number), value), WriteStatus::stored);
    int turns = 0;
    while (turns < 2'000 && cache->counters().dirty_items.value() != 0) turns += (turn(1), 1);
    ASSERT_EQ(cache->counters().dirty_items.value(), 0u) << "round " << round;
  }
  EXPECT_GT(cache->log()->counters().file_refused.value(), 0u) << "the file was never full: the test proves nothing";
  wait_until_durable();
  restart();
  for (int number = 0; number < 55; ++number) EXPECT_EQ(get("key" + std::to_string(number)), std::string(1000, 't')) << number;
}

TEST_F(TieredCache, ACleanStopLosesNothingWhereverItLies) {
  put("cold", "value");
  push_to_file("cold");
  put("warm", "value");
  push_to_memory_tier("warm");
  put("hot", "value");
  put("large", std::string(9'000, 'l'));
  put("deleted", "value");
  wait_until_durable();
  ASSERT_EQ(cache->remove(bytes_of("deleted")), RemoveStatus::removed);
  put("hot", "new");
  stop_and_start();
  EXPECT_EQ(get("cold"), "value");
  EXPECT_EQ(get("warm"), "value");
  EXPECT_EQ(get("hot"), "new");
  EXPECT_EQ(get("large"), std::string(9'000, 'l'));
  EXPECT_EQ(get("deleted"), "(none)");
}

// The sync point that is under way when the stop begins does not know of the delete.
TEST_F(TieredCache, ADeleteThatTheLastRoundMissedIsNotLostByAStop) {
  put("key", "value");
  wait_until_durable();
  device.set_faults({.latency_min = std::chrono::milliseconds(5), .latency_max = std::chrono::milliseconds(5)});
  put("other", "value");
  for (int turns = 0; turns < 100 && device.in_flight() == 0; ++turns) turn(1);
  ASSERT_GT(device.in_flight(), 0u);
  ASSERT_EQ(cache->remove(bytes_of("key")), RemoveStatus::removed);
  stop_and_start();
  EXPECT_EQ(get("key"), "(none)");
  EXPECT_EQ(get("other"), "value");
}

TEST_F(TieredCache, TellsUpToWhichVersionAllIsDurable) {
  put("key", "value");
  EXPECT_LT(cache->durable_version(), cache->last_version());
  wait_until_durable();
  EXPECT_EQ(cache->durable_version(), cache->last_version());
  cache->clear();
  EXPECT_LT(cache->durable_version(), cache->last_version());
  wait_until_durable();
  EXPECT_EQ(cache->durable_version(), cache->last_version());
}

// A round takes several turns; what moves, or is overwritten, meanwhile must not slip through it, or its durable version would be older.
TEST_F(TieredCache, ARoundCoversWhatMovesMeanwhile) {
  reopen(256 << 10, kFileSegments);
  const auto store = [&](int number, const std::string& value) {
    const std::string key = "key" + std::to_string(number);
    while (put(key, value) == WriteStatus::cold) fetch(key, Fetch::Purpose::change);
  };
  for (int round = 0; round < 30; ++round) {
    for (int number = 0; number < 200; ++number) {
      // Of varying length, so that each overwrite lies elsewhere.
      store(number, std::to_string(round) + std::string(static_cast<std::size_t>(500 + number % 7 * 60 - round), 'v'));
    }
    const std::uint64_t version = cache->last_version();
    for (int turns = 0; turns < 500 && cache->durable_version() < version; ++turns) {
      turn(1);
      for (int number = turns; number < 200 && cache->durable_version() < version; number += 40)
        store(number, std::to_string(round) + std::string(static_cast<std::size_t>(1 + turns % 300), 'w'));
    }
    ASSERT_GE(cache->durable_version(), version);
    restart();
    for (int number = 0; number < 200; ++number) {
      const std::string value = get("key" + std::to_string(number));
      ASSERT_TRUE(value.starts_with(std::to_string(round) + "v") || value.starts_with(std::to_string(round) + "w"))
          << round << " " << number << " " << value.substr(0, 8);
    }
  }
}

TEST_F(TieredCache, AStopEndsAlthoughTheFileIsTooSmall) {
  reopen(512 << 10, 8);
  for (int number = 0; number < 300; ++number) put(std::to_string(number), std::string(1000, 'v'));
  stop_and_start();
  int found = 0;
  for (int number = 0; number < 300; ++number) {
    const std::string value = get(std::to_string(number));
    EXPECT_TRUE(value == "(none)" || value == std::string(1000, 'v'));
    found += value != "(none)";
  }
  EXPECT_GT(found, 30);
}

// --- large for L1 (a quarter of a segment), small for the log

TEST_F(TieredCache, ALargeValueGoesDownAndComesUpAgain) {
  const std::string value(9'000, 'l');
  put("key", value, {.client_flags = 3});
  push_to_memory_tier("key");
  EXPECT_EQ(get("key"), value);
  push_to_file("key");
  EXPECT_EQ(get("key"), value);
  EXPECT_EQ(fetch("key", Fetch::Purpose::change), value);
  ASSERT_EQ(status("key"), GetStatus::hit);
  EXPECT_EQ(cache->peek(bytes_of("key")).item.client_flags(), 3u);
  EXPECT_EQ(cache->counters().log_too_large.value(), 0u);
  ASSERT_EQ(cache->remove(bytes_of("key")), RemoveStatus::removed);
  wait_until_durable();
  restart();
  EXPECT_EQ(get("key"), "(none)");
}

TEST_F(TieredCache, ALargeValueThatIsDurableComesBackAsItWasLast) {
  put("key", std::string(9'000, 'a'));
  wait_until_durable();
  put("key", std::string(9'000, 'b'));
  wait_until_durable();
  restart();
  EXPECT_EQ(get("key"), std::string(9'000, 'b'));
}

// The largest that one segment holds, and one byte more.
TEST_F(TieredCache, AValueLargerThanASegmentStaysOutOfTheLog) {
  constexpr std::size_t kRecordBytesMax = kSegmentBytes - 96;
  constexpr std::size_t kValueBytesMax = kRecordBytesMax - (12 + 4) - 3;  // header with both lengths, key
  reopen(1 << 20, kFileSegments);
  ASSERT_EQ(cache->log()->record_bytes_max(), kRecordBytesMax);
  put("fit", std::string(kValueBytesMax, 'f'));
  put("big", "small once");
  wait_until_durable();
  put("big", std::string(kValueBytesMax + 1, 'b'));
  EXPECT_EQ(get("big"), std::string(kValueBytesMax + 1, 'b'));
  stop_and_start();
  EXPECT_EQ(get("fit"), std::string(kValueBytesMax, 'f'));
  EXPECT_EQ(get("big"), "(none)") << "and not what it was before";
}

TEST_F(TieredCache, WhatStaysOutOfTheLogIsCounted) {
  put("big", std::string(20'000, 'b'));
  wait_until_durable();
  EXPECT_EQ(cache->counters().log_too_large.value(), 1u);
  push_down([&] { return status("big") != GetStatus::hit; });
  EXPECT_EQ(get("big"), "(none)");
  EXPECT_GE(cache->counters().log_too_large.value(), 2u);
}

}  // namespace
}  // namespace cache_test
