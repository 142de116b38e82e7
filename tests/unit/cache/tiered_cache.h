// A small cache over a simulated disk, whose items the tests send down on purpose.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "corering/cache/cache.h"
#include "corering/testing/simulated_device.h"

namespace cache_test {

using corering::base::bytes_of;
using corering::base::text_of;
using corering::cache::Cache;
using corering::cache::CacheOptions;
using corering::cache::Fetch;
using corering::cache::GetResult;
using corering::cache::GetStatus;
using corering::cache::PutOptions;
using corering::cache::RemoveStatus;
using corering::cache::WriteStatus;
using corering::testing::SimulatedDevice;

// A fetch and what came of it.
struct Waiter {
  void on_end(Fetch& ended) {
    ++ends;
    value = ended.outcome() == Fetch::Outcome::hit ? std::string(text_of(ended.item().value())) : "(none)";
    if (then) then();
  }

  Fetch fetch = Fetch::to<&Waiter::on_end>(this);
  int ends = 0;
  std::string value = "(pending)";
  std::function<void()> then;
};

class TieredCache : public testing::Test {
 protected:
  static constexpr std::size_t kSegmentBytes = 16 << 10;
  static constexpr std::size_t kFileSegments = 64;

  TieredCache() { open(); }
  ~TieredCache() override {
    if (cache && !(cache->log()->is_idle())) device.crash(SimulatedDevice::Failure::process);
  }

  void open() {
    CacheOptions options{.l1_bytes = l1_bytes, .now_ms = now_ms};
    options.log = {.segment_bytes = kSegmentBytes, .memory_segments = 4};
    options.device = &device;
    options.layout = layout;
    options.sync_ms = 10;
    auto opened = Cache::open(options);
    ASSERT_TRUE(opened) << opened.error().text;
    cache = std::move(*opened);
    while (!cache->is_recovered()) turn();
  }

  // A new, empty file and another L1. Requires: no more segments than kFileSegments.
  void reopen(std::size_t bytes, std::size_t file_segments) {
    device.crash(SimulatedDevice::Failure::process);
    cache.reset();
    l1_bytes = bytes;
    layout.segment_count = file_segments;
    ++layout.file_id;
    open();
  }

  // The process dies. What a sync point has passed for must be there again, and nothing older.
  void restart() {
    device.crash(SimulatedDevice::Failure::power);
    cache.reset();
    open();
  }

  void turn(std::int64_t ms = 0) {
    now_ms += ms;
    device.advance(std::chrono::milliseconds(1));
    cache->advance(now_ms);
  }
  // Everything goes to the file, and the process ends.
  void stop_and_start() {
    cache->begin_stop();
    for (int turns = 0; turns < 10'000 && !cache->is_stopped(); ++turns) turn(1);
    ASSERT_TRUE(cache->is_stopped());
    restart();
  }
  void wait_until_durable() {
    for (int turns = 0; turns < 200; ++turns) turn(1);
    ASSERT_EQ(cache->counters().dirty_items.value(), 0u);
  }

  WriteStatus put(std::string_view key, std::string_view value, const PutOptions& options = {}) {
    return cache->put(bytes_of(key), bytes_of(value), options).status;
  }
  GetStatus status(std::string_view key) { return cache->peek(bytes_of(key)).status; }

  // Waits for the file if it must.
  std::string get(std::string_view key) {
    const GetResult result = cache->get(bytes_of(key));
    if (result.status == GetStatus::hit) return std::string(text_of(result.item.value()));
    if (result.status == GetStatus::miss) return "(none)";
    return fetch(key, Fetch::Purpose::read);
  }
  std::string fetch(std::string_view key, Fetch::Purpose purpose) {
    Waiter waiter;
    EXPECT_TRUE(cache->try_fetch(waiter.fetch, bytes_of(key), purpose));
    for (int turns = 0; turns < 1000 && waiter.ends == 0; ++turns) turn();
    EXPECT_EQ(waiter.ends, 1);
    return waiter.value;
  }

  // Fillers, each new, until `reached`.
  template <typename Reached>
  void push_down(Reached&& reached) {
    for (int count = 0; count < 20'000; ++count) {
      if (reached()) return;
      put("filler" + std::to_string(fillers++), std::string(200, 'f'));
      if (count % 20 == 0) turn();
    }
    FAIL() << "it does not go down";
  }
  std::uint64_t demoted() { return cache->counters().l1_demoted.value(); }
  // Requires: the key was put last. What lies in L1 now leaves it in order, the key last.
  void push_to_memory_tier(std::string_view key) {
    const std::uint64_t last = demoted() + cache->counters().l1_items.value();
    push_down([&] { return demoted() >= last; });
    ASSERT_EQ(status(key), GetStatus::hit);
  }
  void push_to_file(std::string_view key) {
    push_down([&] { return status(key) == GetStatus::cold; });
  }

  std::size_t l1_bytes = 64 << 10;
  std::int64_t now_ms = 1'700'000'000'000;
  corering::cache::LogFileLayout layout{.file_id = 7, .segment_bytes = kSegmentBytes, .segment_count = kFileSegments};
  SimulatedDevice device{layout.file_bytes(), 1};
  std::unique_ptr<Cache> cache;
  int fillers = 0;
};

}  // namespace cache_test
