// A keyspace over a file: what restarts and flushes leave behind, and how its names are found again.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "corering/testing/simulated_device.h"
#include "kv/store/home_device.h"
#include "kv/store/keyspace.h"

namespace {

using corering::cache::Cache;
using corering::cache::CacheOptions;
using corering::cache::ColdItem;
using corering::cache::Fetch;
using corering::testing::SimulatedDevice;
using kv::Arrival;
using kv::ColdNames;
using kv::Keyspace;

class TieredKeyspace : public testing::Test {
 protected:
  TieredKeyspace() { open(); }
  ~TieredKeyspace() override { disk.crash(SimulatedDevice::Failure::process); }

  void open() {
    CacheOptions options{.l1_bytes = 1 << 20, .now_ms = now_ms};
    options.log = {.segment_bytes = 16 << 10, .memory_segments = 0};
    options.device = &disk;
    options.layout = layout;
    options.sync_ms = 10;
    auto cache = Cache::open(options);
    ASSERT_TRUE(cache) << cache.error().text;
    keyspace = std::make_unique<Keyspace>(std::move(*cache));
    while (!keyspace->is_ready()) turn();
  }
  void turn() {
    disk.advance(std::chrono::milliseconds(1));
    keyspace->advance(++now_ms);
  }
  // What was stored is durable; then the power fails.
  void restart() {
    const std::uint64_t ticket = keyspace->cache().request_sync();
    while (keyspace->cache().durable_version() < ticket) turn();
    disk.crash(SimulatedDevice::Failure::power);
    keyspace.reset();
    open();
  }

  struct Waiter {
    void on_end(Arrival&) { ++ends; }
    void on_name(Fetch&) { ++ends; }
    Arrival arrival = Arrival::to<&Waiter::on_end>(this);
    Fetch fetch = Fetch::to<&Waiter::on_name>(this);
    int ends = 0;
  };

  // Waits for the file.
  std::string get(unsigned database, std::string_view key) {
    if (!keyspace->is_resident(database, key)) {
      Waiter waiter;
      EXPECT_TRUE(keyspace->try_require_resident(waiter.arrival, database, key, Arrival::Purpose::change));
      while (waiter.ends == 0) turn();
    }
    const kv::Entry entry = keyspace->find(database, key);
    return entry ? std::string(entry.value()) : "(none)";
  }

  // All of them, wherever they lie.
  std::set<std::string> keys(unsigned database) {
    ColdNames names;
    std::set<std::string> found;
    for (int rounds = 0; rounds < 100; ++rounds) {
      found.clear();
      std::vector<ColdItem> unknown;
      keyspace->show(&names);
      std::uint64_t cursor = 0;
      do {
        cursor = keyspace->scan(
            database, cursor, [&](std::string_view key) { found.emplace(key); }, [&](ColdItem item) { unknown.push_back(item); });
      } while (cursor != 0);
      keyspace->show(nullptr);
      if (unknown.empty()) return found;
      for (const ColdItem item : unknown) {
        Waiter waiter;
        EXPECT_TRUE(keyspace->try_read(waiter.fetch, item));
        while (waiter.ends == 0) turn();
        if (waiter.fetch.outcome() == Fetch::Outcome::hit) {
          names.add(item.location, waiter.fetch.item());
        } else {
          names.add_unreadable(item.location);
        }
      }
    }
    ADD_FAILURE() << "there are always names that are not known";
    return found;
  }

  std::int64_t now_ms = 1'700'000'000'000;
  corering::cache::LogFileLayout layout{.file_id = 7, .segment_bytes = 16 << 10, .segment_count = 64};
  SimulatedDevice disk{layout.file_bytes(), 1};
  std::unique_ptr<Keyspace> keyspace;
};

TEST_F(TieredKeyspace, KeysAreThereAgain) {
  for (int number = 0; number < 100; ++number) keyspace->put(number % 3, "key" + std::to_string(number), std::to_string(number));
  restart();
  for (int number = 0; number < 100; ++number) {
    EXPECT_EQ(get(number % 3, "key" + std::to_string(number)), std::to_string(number));
    EXPECT_EQ(get((number + 1) % 3, "key" + std::to_string(number)), "(none)");
  }
}

TEST_F(TieredKeyspace, AFlushedDatabaseStaysEmptyAndTheOthersFull) {
  keyspace->put(0, "key", "zero");
  keyspace->put(1, "key", "one");
  keyspace->clear(0);
  keyspace->put(0, "new", "value");
  restart();
  EXPECT_EQ(get(0, "key"), "(none)");
  EXPECT_EQ(get(0, "new"), "value");
  EXPECT_EQ(get(1, "key"), "one");
  EXPECT_EQ(keys(0), std::set<std::string>{"new"});
}

TEST_F(TieredKeyspace, ExchangedDatabasesStayExchanged) {
  keyspace->put(0, "key", "zero");
  keyspace->put(5, "key", "five");
  keyspace->swap(0, 5);
  restart();
  EXPECT_EQ(get(0, "key"), "five");
  EXPECT_EQ(get(5, "key"), "zero");
}

TEST_F(TieredKeyspace, NamesOfTheFileAreFound) {
  std::set<std::string> wanted;
  for (int number = 0; number < 300; ++number) {
    const std::string key = "key" + std::to_string(number);
    keyspace->put(0, key, "value");
    wanted.insert(key);
  }
  keyspace->put(2, "other", "value");
  restart();
  EXPECT_EQ(keys(0), wanted);
  EXPECT_EQ(keys(2), std::set<std::string>{"other"});
  EXPECT_EQ(keys(1), std::set<std::string>{});
}

TEST_F(TieredKeyspace, SizesOfSeveralDatabasesAreAsLastCounted) {
  for (int number = 0; number < 300; ++number) keyspace->put(0, std::to_string(number), "value");
  for (int number = 0; number < 100; ++number) keyspace->put(4, std::to_string(number), "value");
  EXPECT_EQ(keyspace->size(4), 100u);
  keyspace->begin_stop();
  while (!keyspace->cache().is_stopped()) turn();
  disk.crash(SimulatedDevice::Failure::power);
  keyspace.reset();
  open();
  EXPECT_NEAR(static_cast<double>(keyspace->size(0)), 300, 3);
  EXPECT_NEAR(static_cast<double>(keyspace->size(4)), 100, 3);
}

TEST_F(TieredKeyspace, ARandomKeyIsFoundFromAnyPlace) {
  keyspace->put(3, "only", "value");
  for (std::uint64_t random = 0; random < 64; ++random) {
    std::string key;
    ASSERT_TRUE(keyspace->random_key(3, random << 58 | 4096, key));
    EXPECT_EQ(key, "only");
  }
}

}  // namespace
