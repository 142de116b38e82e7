#include "corering/cache/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../../sim/map_owner.h"
#include "corering/testing/simulated_device.h"

namespace {

using namespace corering;
using cache::ColdRead;

constexpr cache::LogFileLayout kLayout{.file_id = 7, .segment_bytes = 65536, .segment_count = 16};

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    auto opened = cache::Log::open(options_, owner_, device_, kLayout);
    EXPECT_TRUE(opened) << opened.error().text;
    log_ = std::move(*opened);
    owner_.set_log(*log_);
    work_until([&] { return log_->is_recovered(); });
  }

  void work_until(const std::function<bool()>& condition) {
    for (int turn = 0; turn < 10'000 && !condition(); ++turn) {
      log_->step();
      device_.advance(device_.until_next());
    }
    EXPECT_TRUE(condition());
  }

  void sync() {
    cache::SyncTicket ended = 0;
    owner_.on_synced = [&](cache::SyncTicket ticket, bool) { ended = ticket; };
    work_until([&] { return log_->prepare_sync(); });
    owner_.hand_over();
    const cache::SyncTicket ticket = log_->sync();
    work_until([&] { return ended == ticket && log_->is_idle(); });
  }

  // Items whose segments are sealed, written, and out of memory. Each takes one read.
  void fill_file(int count) {
    for (int number = 0; number < count; ++number) owner_.put(key(number), std::string(900, 'v'));
    owner_.hand_over();
    sync();
  }

  static std::string key(int number) { return "key-" + std::to_string(number); }

  cache::LogOptions options_{.segment_bytes = 65536,
                             .memory_segments = 2,
                             .staging_segments = 8,
                             .reads_in_flight_max = 16,
                             .reads_waiting_max = 8,
                             .key_hash_seed = sim::MapOwner::kHashSeed};
  corering::testing::SimulatedDevice device_{kLayout.file_bytes(), 1};
  sim::MapOwner owner_{1, kLayout.segment_count* kLayout.segment_bytes};
  std::unique_ptr<cache::Log> log_;
};

TEST(LogOptions, ImpossibleOnesAreRefused) {
  sim::MapOwner owner(1, 0);
  EXPECT_FALSE(cache::Log::open({.segment_bytes = 5000}, owner));
  EXPECT_FALSE(cache::Log::open({.memory_segments = 0}, owner));
  EXPECT_FALSE(cache::Log::open({.memory_segments = 1}, owner));
  corering::testing::SimulatedDevice device(kLayout.file_bytes(), 1);
  EXPECT_FALSE(cache::Log::open({.segment_bytes = 4096}, owner, device, kLayout)) << "not the file's";
  EXPECT_FALSE(cache::Log::open({.segment_bytes = 65536, .staging_segments = 1}, owner, device, kLayout));
  std::vector<std::byte> little(65536);
  EXPECT_FALSE(cache::Log::open({.segment_bytes = 65536}, owner, device, kLayout, little));
}

TEST(LogWithoutAFile, KeepsWhatFitsAndDropsTheOldest) {
  sim::MapOwner owner(1, 0);
  owner.set_fates({.memory_to_file = 0, .memory_stays = 0});
  auto log = cache::Log::open({.segment_bytes = 8192, .memory_segments = 4}, owner);
  ASSERT_TRUE(log);
  owner.set_log(**log);
  const std::string value(500, 'v');
  std::vector<std::byte> bytes(600);
  cache::LogLocation first;
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    const std::string name = "key-" + std::to_string(number);
    const cache::RecordHeader header{.sequence = number,
                                     .key_bytes = static_cast<std::uint32_t>(name.size()),
                                     .value_bytes = static_cast<std::uint32_t>(value.size())};
    cache::write_record(bytes.data(), header, base::bytes_of(name), base::bytes_of(value));
    const cache::LogLocation location = (*log)->try_append(cache::LogTier::memory, cache::RecordView(bytes.data()));
    ASSERT_TRUE(location) << number;
    const auto pinned = (*log)->try_view(location);
    ASSERT_TRUE(pinned);
    EXPECT_EQ(base::text_of(pinned->record.key()), name);
    if (number == 1) first = location;
    while ((*log)->step()) {
    }
  }
  const auto stale = (*log)->try_view(first);
  EXPECT_TRUE(!stale || base::text_of(stale->record.key()) != "key-1") << "its segment holds others by now";
  EXPECT_GT((*log)->counters().memory_cleaned_segments.value(), 50u);
}

TEST_F(LogTest, APinKeepsTheBytesOfASegmentThatIsCleaned) {
  owner_.put("pinned", std::string(100, 'p'));
  owner_.hand_over();
  sync();
  owner_.evict(sim::MapOwner::hash_of("pinned"));
  const auto pinned = log_->try_view(owner_.find("pinned")->location);
  ASSERT_TRUE(pinned);
  log_->clear();
  for (int number = 0; number < 500; ++number) {
    owner_.put(key(number), std::string(1000, 'v'));
    owner_.hand_over();
    owner_.evict(sim::MapOwner::hash_of(key(number)));
    log_->step();
  }
  EXPECT_EQ(base::text_of(pinned->record.value()), std::string(100, 'p'));
  work_until([&] { return log_->is_idle(); });
}

TEST_F(LogTest, TombstonesWaitForADiskThatIsBehindAndTheFileForgetsNothing) {
  const auto long_key = [](int number) { return key(number) + std::string(2000, 'k'); };
  for (int number = 0; number < 100; ++number) owner_.put(long_key(number), "value");
  owner_.hand_over();
  sync();
  // No time passes: what is written now stays in memory.
  for (int number = 0; owner_.hand_over(); ++number) owner_.put("filler-" + std::to_string(number), std::string(900, 'f'));
  for (int number = 0; number < 90; ++number) owner_.erase(long_key(number));
  EXPECT_GT(log_->counters().tombstones_held.value(), 0u);
  owner_.put("behind them", "value");
  EXPECT_FALSE(owner_.hand_over()) << "nothing overtakes a tombstone";
  sync();
  EXPECT_EQ(log_->counters().overruns.value(), 0u);
  sim::MapOwner second(2, kLayout.segment_count * kLayout.segment_bytes);
  log_.reset();
  auto opened = cache::Log::open(options_, second, device_, kLayout);
  ASSERT_TRUE(opened);
  log_ = std::move(*opened);
  second.set_log(*log_);
  work_until([&] { return log_->is_recovered(); });
  for (int number = 0; number < 100; ++number) EXPECT_EQ(second.find(long_key(number)) != nullptr, number >= 90) << number;
}

TEST_F(LogTest, ASlowDiskDelaysItsReadersOnly) {
  fill_file(300);
  struct Reader {
    ColdRead read{[](void*, ColdRead&) {}, nullptr};
  };
  std::vector<std::unique_ptr<Reader>> readers;
  // Started again, so that nothing lies in L1.
  auto second = std::make_unique<sim::MapOwner>(2, kLayout.segment_count * kLayout.segment_bytes);
  log_.reset();
  auto opened = cache::Log::open(options_, *second, device_, kLayout);
  ASSERT_TRUE(opened);
  log_ = std::move(*opened);
  second->set_log(*log_);
  work_until([&] { return log_->is_recovered(); });
  second->put("warm", "here");
  ASSERT_TRUE(second->hand_over());
  second->evict(sim::MapOwner::hash_of("warm"));
  const cache::LogLocation warm = second->find("warm")->location;
  device_.set_faults({.latency_min = std::chrono::milliseconds(10), .latency_max = std::chrono::milliseconds(10)});
  const std::uint64_t reads_before = device_.reads();
  std::size_t refused = 0;
  for (int number = 0; number < 40; ++number) {
    auto reader = std::make_unique<Reader>();
    if (!log_->try_read(reader->read, second->find(key(number))->location)) {
      ++refused;
      continue;
    }
    readers.push_back(std::move(reader));
  }
  EXPECT_EQ(log_->usage().reads_in_flight, 16u);
  EXPECT_EQ(log_->usage().reads_waiting, 8u);
  EXPECT_EQ(refused, 16u);
  // Turns of a tenth of a millisecond: each answers from memory, none waits for the disk.
  int turns = 0;
  const auto all_ended = [&] { return std::ranges::none_of(readers, [](const auto& reader) { return reader->read.in_flight(); }); };
  for (; turns < 1000 && !all_ended(); ++turns) {
    log_->step();
    ASSERT_TRUE(log_->try_view(warm)) << turns;
    for (const auto& reader : readers) {
      if (reader->read.outcome() == ColdRead::Outcome::record) reader->read.release();
    }
    device_.advance(std::chrono::microseconds(100));
  }
  EXPECT_TRUE(all_ended());
  EXPECT_GE(turns, 200) << "a read takes 10 ms, and the last eight waited for another";
  EXPECT_EQ(device_.reads() - reads_before, 24u) << "none of them ends without";
  for (const auto& reader : readers) EXPECT_EQ(reader->read.outcome(), ColdRead::Outcome::record);
  readers.clear();
}

}  // namespace
