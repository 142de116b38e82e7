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
#include "corering/cache/log.h"
#include "corering/cache/log_file.h"
#include "corering/mem/arena.h"
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
