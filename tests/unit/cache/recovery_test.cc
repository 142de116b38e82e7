// What a recovery makes of a file that is not as it was left: a torn end is a crash, everything else is damage.
#include "corering/cache/recovery.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../../sim/map_owner.h"
#include "corering/cache/batch.h"
#include "corering/cache/file_marks.h"
#include "corering/cache/log.h"
#include "corering/testing/simulated_device.h"

namespace {

using namespace corering;
using corering::testing::SimulatedDevice;

constexpr cache::LogFileLayout kLayout{.file_id = 7, .segment_bytes = 16384, .segment_count = 16};

class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest() {
    cache::write_first_marks(kLayout, [&](std::uint64_t offset, base::ByteView block) { device_.damage(offset, block); });
    start();
  }
  ~RecoveryTest() override {
    if (!log_->is_idle()) device_.crash(SimulatedDevice::Failure::process);
  }

  void start() {
    owner_ = std::make_unique<sim::MapOwner>(1, kLayout.segment_count * kLayout.segment_bytes);
    const cache::LogOptions options{
        .segment_bytes = kLayout.segment_bytes, .memory_segments = 2, .key_hash_seed = sim::MapOwner::kHashSeed};
    auto opened = cache::Log::open(options, *owner_, device_, kLayout);
    ASSERT_TRUE(opened) << opened.error().text;
    log_ = std::move(*opened);
    owner_->set_log(*log_);
    work_until([&] { return log_->is_recovered(); });
  }

  // The process, or the machine, dies at this very moment, and is started again.
  void restart(SimulatedDevice::Failure failure = SimulatedDevice::Failure::power) {
    device_.crash(failure);
    log_.reset();
    start();
  }

  void turn() {
    log_->step();
    device_.advance(device_.until_next());
  }
  void work_until(const std::function<bool()>& condition) {
    for (int turns = 0; turns < 10'000 && !condition(); ++turns) turn();
    ASSERT_TRUE(condition());
  }

  // Until the moment at which the owner is told.
  void sync() {
    bool ended = false;
    owner_->on_synced = [&](cache::SyncTicket, bool durable) { ended = durable; };
    work_until([&] { return log_->prepare_sync(); });
    ASSERT_TRUE(owner_->hand_over());
    log_->sync();
    work_until([&] { return ended; });
  }
  void put_synced(const std::string& key, const std::string& value) {
    owner_->put(key, value);
    sync();
  }

  struct Batch {
    cache::LogPosition position;
    std::uint64_t offset = 0;
  };
  Batch newest_batch() {
    Batch newest;
    for (std::uint64_t segment = 0; segment < kLayout.segment_count; ++segment) {
      for (std::uint64_t block = 0; block < kLayout.segment_bytes; block += cache::kFileBlockBytes) {
        const std::uint64_t offset = kLayout.segment_offset(segment) + block;
        const auto header = cache::read_batch_header(base::ByteView(device_.image()).subspan(offset), kLayout.file_id, offset);
        if (header && header->position > newest.position) newest = {header->position, offset};
      }
    }
    return newest;
  }

  std::vector<std::byte> bytes_at(std::uint64_t offset, std::size_t bytes) {
    const auto begin = device_.image().begin() + static_cast<std::ptrdiff_t>(offset);
    return {begin, begin + static_cast<std::ptrdiff_t>(bytes)};
  }
  void zero(std::uint64_t offset, std::size_t bytes = cache::kFileBlockBytes) {
    device_.damage(offset, std::vector<std::byte>(bytes));
  }
  void flip(std::uint64_t offset) {
    std::vector<std::byte> byte = bytes_at(offset, 1);
    byte[0] ^= std::byte{1};
    device_.damage(offset, byte);
  }

  std::string value_of(const std::string& key) {
    const auto* item = owner_->find(key);
    if (item == nullptr) return "(none)";
    if (const auto pinned = log_->try_view(item->location)) return std::string(base::text_of(pinned->record.value()));
    cache::ColdRead read([](void*, cache::ColdRead&) {}, nullptr);
    EXPECT_TRUE(log_->try_read(read, item->location));
    while (read.in_flight()) turn();
    if (read.outcome() != cache::ColdRead::Outcome::record) return "(unreadable)";
    return std::string(base::text_of(read.record().value()));
  }
  std::uint64_t damaged_pieces() { return log_->counters().recovery_damaged_pieces.value(); }

  SimulatedDevice device_{kLayout.file_bytes(), 1};
  std::unique_ptr<sim::MapOwner> owner_;
  std::unique_ptr<cache::Log> log_;
};

// The sync point is over and nothing has happened since: no later write may be needed to know of it.
class TheNewestBatch : public RecoveryTest, public ::testing::WithParamInterface<SimulatedDevice::Failure> {};

TEST_P(TheNewestBatch, IsMissedWhenItIsDamagedAndSoIsWhatItReplaced) {
  put_synced("other", "value");
  put_synced("key", "old");
  put_synced("key", "new");
  flip(newest_batch().offset + cache::BatchHeader::kBytes + 14);
  restart(GetParam());
  EXPECT_EQ(value_of("key"), "(none)");
  EXPECT_EQ(damaged_pieces(), 1u);
  // For good, although the next life could read all of it.
  flip(newest_batch().offset + cache::BatchHeader::kBytes + 14);
  put_synced("third", "value");
  restart();
  EXPECT_EQ(value_of("key"), "(none)");
  EXPECT_EQ(value_of("third"), "value");
}

TEST_P(TheNewestBatch, IsMissedWhenItsHeaderHasVanished) {
  put_synced("key", "old");
  put_synced("key", "new");
  zero(newest_batch().offset);
  restart(GetParam());
  EXPECT_EQ(value_of("key"), "(none)");
}

TEST_P(TheNewestBatch, BuriesWhatItDeletesAlsoWhenItIsDamaged) {
  put_synced("key", "value");
  owner_->erase("key");
  sync();
  flip(newest_batch().offset + cache::BatchHeader::kBytes + 14);
  restart(GetParam());
  EXPECT_EQ(value_of("key"), "(none)");
}

INSTANTIATE_TEST_SUITE_P(Recovery, TheNewestBatch,
                         ::testing::Values(SimulatedDevice::Failure::process, SimulatedDevice::Failure::power),
                         [](const auto& each) { return each.param == SimulatedDevice::Failure::power ? "power" : "process"; });

// It was written, out of order, when the machine died, and lies below the last sync point of the next life.
TEST_F(RecoveryTest, ATailOfABatchThatACrashHasCutOffIsNotBelieved) {
  put_synced("kept", "value");
  const Batch newest = newest_batch();
  auto header = cache::read_batch_header(base::ByteView(device_.image()).subspan(newest.offset), kLayout.file_id, newest.offset);
  ASSERT_TRUE(header);
  header->position = {newest.position.generation + 2, 0};
  header->tail = {newest.position.generation + 1, 0};
  header->payload_bytes = 0;
  header->record_count = 0;
  header->last = false;
  const std::uint64_t offset = kLayout.segment_offset(kLayout.segment_count - 1);
  std::vector<std::byte> block(cache::kFileBlockBytes);
  cache::write_batch_header(block, *header, kLayout.file_id, offset);
  device_.damage(offset, block);
  restart();
  EXPECT_EQ(value_of("kept"), "value");
  put_synced("other", "value");
  restart();
  EXPECT_EQ(value_of("kept"), "value");
  EXPECT_EQ(value_of("other"), "value");
}

TEST_F(RecoveryTest, ABatchThatTheCrashToreLeavesWhatWasBefore) {
  put_synced("key", "old");
  const std::uint64_t before = newest_batch().offset;
  owner_->put("key", "new");
  work_until([&] { return log_->prepare_sync(); });
  ASSERT_TRUE(owner_->hand_over());
  log_->sync();
  device_.advance(std::chrono::seconds(1));
  device_.poll();  // the write has ended, the sync has not
  const Batch torn = newest_batch();
  ASSERT_NE(torn.offset, before);
  flip(torn.offset + cache::BatchHeader::kBytes + 14);
  restart(SimulatedDevice::Failure::process);
  EXPECT_EQ(value_of("key"), "old") << "nobody was promised the new one";
  EXPECT_EQ(damaged_pieces(), 0u);
}

TEST_F(RecoveryTest, ABatchInTheMiddleTakesWhatIsOlderWithIt) {
  put_synced("first", "value");
  put_synced("second", "value");
  const std::uint64_t middle = newest_batch().offset;
  put_synced("third", "value");
  flip(middle + cache::BatchHeader::kBytes + 14);
  restart();
  EXPECT_EQ(value_of("first"), "(none)");
  EXPECT_EQ(value_of("second"), "(none)");
  EXPECT_EQ(value_of("third"), "value");
  EXPECT_EQ(damaged_pieces(), 1u);
  EXPECT_EQ(log_->counters().recovery_forgotten_records.value(), 1u);
}

TEST_F(RecoveryTest, ASegmentThatHasVanishedIsMissed) {
  for (int number = 0; number < 10; ++number) put_synced("key", std::string(9000, static_cast<char>('a' + number)));
  const std::uint64_t last = newest_batch().offset;
  zero(last, kLayout.segment_bytes - (last - kLayout.segment_offset(0)) % kLayout.segment_bytes);
  restart();
  EXPECT_EQ(value_of("key"), "(none)");
}

TEST_F(RecoveryTest, ASegmentAsItWasInAnEarlierRoundIsNoSegment) {
  const auto fill = [&](char mark) {
    for (int number = 0; number < 12; ++number) {
      owner_->put("key-" + std::to_string(number), std::string(12'000, mark));
      sync();
    }
  };
  fill('a');
  const std::vector<std::byte> earlier = bytes_at(kLayout.segment_offset(0), kLayout.segment_bytes * kLayout.segment_count);
  fill('b');
  fill('c');
  // Each segment in turn is what it was: a write that the disk has lost.
  const std::vector<std::byte> now = bytes_at(0, device_.bytes());
  for (std::size_t segment = 0; segment < kLayout.segment_count; ++segment) {
    device_.damage(kLayout.segment_offset(segment),
                   base::ByteView(earlier).subspan(segment * kLayout.segment_bytes, kLayout.segment_bytes));
    restart();
    for (int number = 0; number < 12; ++number) {
      const std::string value = value_of("key-" + std::to_string(number));
      EXPECT_TRUE(value == "(none)" || value == std::string(12'000, 'c')) << segment << " " << number << " " << value.substr(0, 9);
    }
    work_until([&] { return log_->is_idle(); });
    device_.damage(0, now);
  }
}

TEST_F(RecoveryTest, ABlockInAnotherPlaceIsNoBlock) {
  put_synced("first", std::string(5000, 'f'));
  const std::uint64_t first = newest_batch().offset;
  put_synced("second", std::string(5000, 's'));
  const std::uint64_t second = newest_batch().offset;
  put_synced("third", "value");
  device_.damage(second, bytes_at(first, 8192));
  restart();
  EXPECT_EQ(value_of("first"), "(none)");
  EXPECT_EQ(value_of("second"), "(none)");
  EXPECT_EQ(value_of("third"), "value");
}

// --- marks

TEST_F(RecoveryTest, OneBlockOfEachMarkIsEnough) {
  put_synced("key", "old");
  put_synced("key", "new");
  zero(kLayout.first_mark_offset(0));
  zero(kLayout.second_mark_offset(1));
  restart();
  EXPECT_EQ(value_of("key"), "new");
  EXPECT_EQ(damaged_pieces(), 0u);
}

TEST_F(RecoveryTest, WithoutAMarkNothingCountsUntilTheNextSyncPoint) {
  for (const std::size_t parity : {0, 1}) {
    put_synced("key", "old");
    put_synced("key", "new");
    zero(kLayout.first_mark_offset(parity));
    zero(kLayout.second_mark_offset(parity));
    restart();
    EXPECT_EQ(value_of("key"), "(none)") << "the newest mark may be the one that is gone";
    EXPECT_EQ(damaged_pieces(), 1u);
    put_synced("other", "value");
    restart();
    EXPECT_EQ(value_of("key"), "(none)");
    EXPECT_EQ(value_of("other"), "value") << "both marks are there again";
    EXPECT_EQ(damaged_pieces(), 0u);
  }
}

TEST_F(RecoveryTest, AFileThatWasCutKeepsWhatIsProvenToBeCurrent) {
  for (int number = 0; number < 12; ++number) put_synced("key", std::string(9000, static_cast<char>('a' + number)));
  const std::uint64_t cut = newest_batch().offset;
  zero(cut, device_.bytes() - cut);
  restart();
  EXPECT_EQ(value_of("key"), "(none)");
  put_synced("key", "value");
  restart();
  EXPECT_EQ(value_of("key"), "value");
}

// --- an idle log

TEST_F(RecoveryTest, ASyncPointWithNothingNewLeavesTheDiskAlone) {
  put_synced("key", "value");
  work_until([&] { return log_->is_idle(); });
  const std::uint64_t syncs = device_.syncs();
  const std::uint64_t written = device_.written_bytes();
  sync();
  sync();
  EXPECT_EQ(device_.syncs(), syncs);
  EXPECT_EQ(device_.written_bytes(), written);
  EXPECT_EQ(log_->counters().syncs.value(), 1u);
  EXPECT_EQ(log_->counters().device_syncs.value(), 3u) << "the recovery's, and two of the sync point";
}

}  // namespace
