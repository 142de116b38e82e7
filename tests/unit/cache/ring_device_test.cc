// A log on the real kernel: a file, a ring, fixed buffers.
#include "corering/cache/ring_device.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../../sim/map_owner.h"
#include "../ring/real_ring.h"
#include "corering/cache/cache.h"
#include "corering/cache/log.h"
#include "corering/cache/log_file.h"
#include "corering/mem/arena.h"
#include "corering/ring/operations.h"
#include "corering/ring/registered_buffers.h"

namespace {

using namespace corering;

class RingDeviceTest : public ring_test::RealRing {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "corering-ring-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto file = cache::LogFile::open({.path = folder_ / "cache", .bytes_max = 2 << 20, .segment_bytes = options_.segment_bytes});
    ASSERT_TRUE(file) << file.error().text;
    file_.emplace(std::move(*file));
    auto arena = mem::Arena::open(cache::Log::memory_bytes(options_, true));
    ASSERT_TRUE(arena);
    arena_.emplace(std::move(*arena));
    buffers_.emplace(ring(), arena_->bytes());
    device_.emplace(ring(), *buffers_, file_->fd(), file_->layout().file_bytes());
    start();
  }

  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    log_.reset();
    owner_.emplace(1, file_->layout().segment_count * file_->layout().segment_bytes);
    auto opened = cache::Log::open(options_, *owner_, *device_, file_->layout(), arena_->bytes());
    ASSERT_TRUE(opened) << opened.error().text;
    log_ = std::move(*opened);
    owner_->set_log(*log_);
    work_until([&] { return log_->is_recovered(); });
  }

  void work_until(const std::function<bool()>& condition) {
    turn_until([&] {
      while (log_->step()) {
      }
      return condition();
    });
  }

  void sync() {
    bool synced = false;
    owner_->on_synced = [&](cache::SyncTicket, bool durable) { synced = durable; };
    work_until([&] { return log_->prepare_sync(); });
    ASSERT_TRUE(owner_->hand_over());
    log_->sync();
    work_until([&] { return synced && log_->is_idle(); });
  }

  cache::LogOptions options_{.segment_bytes = 65536,
                             .memory_segments = 2,
                             .staging_segments = 8,
                             .reads_in_flight_max = 8,
                             .key_hash_seed = sim::MapOwner::kHashSeed};
  std::filesystem::path folder_;
  std::optional<cache::LogFile> file_;
  std::optional<mem::Arena> arena_;
  std::optional<ring::RegisteredBuffers> buffers_;
  std::optional<cache::RingDevice> device_;
  std::optional<sim::MapOwner> owner_;
  std::unique_ptr<cache::Log> log_;
};

TEST_F(RingDeviceTest, WhatWasSyncedIsRecoveredAndReadThroughTheRing) {
  for (int number = 0; number < 300; ++number) owner_->put("key-" + std::to_string(number), std::string(number * 5, 'v'));
  sync();
  EXPECT_GT(device_->fixed_transfers(), 0u) << "the log's frames lie in the registered arena";
  start();
  for (int number = 0; number < 300; ++number) {
    const std::string key = "key-" + std::to_string(number);
    const auto* item = owner_->find(key);
    ASSERT_NE(item, nullptr) << key;
    cache::ColdRead read([](void*, cache::ColdRead&) {}, nullptr);
    ASSERT_TRUE(log_->try_read(read, item->location));
    work_until([&] { return !read.in_flight(); });
    ASSERT_EQ(read.outcome(), cache::ColdRead::Outcome::record) << key;
    EXPECT_EQ(base::text_of(read.record().key()), key);
    EXPECT_EQ(base::text_of(read.record().value()), std::string(number * 5, 'v'));
  }
}

// A cache that has its memory from the core's arena: its items are written to the file and sent to a client from where they lie, with
// fixed buffers; and pages that the ring holds are not given back.
TEST_F(RingDeviceTest, ACacheInTheArenaIsWrittenAndSentAsItLies) {
  log_.reset();  // the file is the cache's
  cache::CacheOptions options{.l1_bytes = std::size_t{8} << 20, .segment_bytes = 65536, .now_ms = 1};
  options.log = options_;
  options.layout = file_->layout();
  options.sync_ms = 10;
  auto arena = mem::Arena::open({.chunk_bytes = 4096, .further_bytes = cache::Cache::memory_bytes_wanted(options)});
  ASSERT_TRUE(arena);
  // Another ring: this one's table is the other arena's.
  buffers_.reset();
  ring::RegisteredBuffers buffers(ring(), arena->bytes());
  cache::RingDevice device(ring(), buffers, file_->fd(), file_->layout().file_bytes());
  options.device = &device;
  options.memory = {arena->further(), &buffers};
  auto opened = cache::Cache::open(options);
  ASSERT_TRUE(opened) << opened.error().text;
  cache::Cache& cache = **opened;
  std::int64_t now_ms = 1;
  const auto work = [&](const std::function<bool()>& condition) {
    turn_until([&] {
      cache.advance(++now_ms);
      return condition();
    });
  };
  // Time stands still while the last sync point ends: with it the next would begin.
  const auto work_until_durable = [&] {
    work([&] { return cache.counters().dirty_items.value() == 0; });
    turn_until([&] {
      cache.advance(now_ms);
      return cache.log()->is_idle();
    });
  };
  work([&] { return cache.is_recovered(); });

  for (int number = 0; number < 100; ++number) {
    cache.put(base::bytes_of("key-" + std::to_string(number)),
              base::bytes_of(std::string(8192, static_cast<char>('a' + number % 26))));
  }
  work_until_durable();
  EXPECT_EQ(cache.counters().l1_own_bytes.value(), 0u);
  EXPECT_GT(device.fixed_transfers(), 0u);

  auto found = cache.get(base::bytes_of("key-7"));
  ASSERT_EQ(found.status, cache::GetStatus::hit);
  const base::ByteView value = found.item.value();
  const auto buffer = buffers.index_of(value);
  ASSERT_TRUE(buffer) << "an item of L1 lies in the arena";
  ring_test::SocketPair pair(AF_INET);
  ring_test::Recorder send;
  ring::prepare_send_zero_copy_fixed(ring().require_sqe(send.completion), ring_test::file(pair.fds[0]), value, *buffer,
                                     ring::UsageReport::without);
  turn_until([&] { return !send.results.empty(); });
  EXPECT_EQ(send.results[0].value, 8192);
  std::string got(8192, '-');
  std::size_t done = 0;
  while (done < got.size()) done += static_cast<std::size_t>(::read(pair.fds[1], got.data() + done, got.size() - done));
  EXPECT_EQ(got, base::text_of(value));
  finish(send);
  found = {};

  // Everything goes; the next item of the same place is sent as it is, not as the page was when it was registered.
  ASSERT_TRUE(cache.set_l1_bytes(std::size_t{1} << 20));
  cache.clear();
  work_until_durable();
  ASSERT_TRUE(cache.set_l1_bytes(std::size_t{8} << 20));
  for (int number = 0; number < 100; ++number)
    cache.put(base::bytes_of("key-" + std::to_string(number)), base::bytes_of(std::string(8192, '!')));
  auto again = cache.get(base::bytes_of("key-9"));
  ASSERT_EQ(again.status, cache::GetStatus::hit);
  ring_test::Recorder second;
  ring::prepare_send_zero_copy_fixed(ring().require_sqe(second.completion), ring_test::file(pair.fds[0]), again.item.value(),
                                     *buffers.index_of(again.item.value()), ring::UsageReport::without);
  turn_until([&] { return !second.results.empty(); });
  for (done = 0; done < got.size();) done += static_cast<std::size_t>(::read(pair.fds[1], got.data() + done, got.size() - done));
  EXPECT_EQ(got, std::string(8192, '!'));
  finish(second);
  again = {};
  work_until_durable();
}

TEST_F(RingDeviceTest, ReportsWhatTheKernelReports) {
  const int fd = ::open((folder_ / "cache").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  cache::RingDevice read_only(ring(), *buffers_, fd, file_->layout().file_bytes());
  std::vector<std::int64_t> results;
  cache::DeviceRequest request(
      [](void* list, std::int64_t result) { static_cast<std::vector<std::int64_t>*>(list)->push_back(result); }, &results);
  std::vector<std::byte> bytes(100);
  const auto ended = [&] { return !request.in_flight(); };
  read_only.write(request, 0, bytes);
  turn_until(ended);
  read_only.read(request, file_->layout().file_bytes() - 40, bytes);
  turn_until(ended);
  read_only.read(request, file_->layout().file_bytes() + 40, bytes);
  turn_until(ended);
  EXPECT_EQ(results, (std::vector<std::int64_t>{-EBADF, 40, 0}));
  ::close(fd);
}

}  // namespace
