// CacheModel: a cache beside a plain map, driven by one stream of random operations.
//
// Without evictions both must agree in everything. With evictions the cache may have forgotten, but what it returns must be what the map
// says: value or miss, never wrong, never something that was deleted, overwritten, flushed or has expired.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "corering/cache/cache.h"
#include "corering/testing/random.h"
#include "corering/testing/simulated_device.h"

namespace model {

enum class Forgetting : std::uint8_t { never, allowed };

struct Shape {
  corering::cache::CacheOptions cache;
  Forgetting forgetting = Forgetting::never;
  std::uint64_t keys = 1000;
  std::size_t value_bytes_max = 300;
  std::size_t file_segments = 0;  // of the cache's log; 0: no file
  corering::testing::SimulatedDevice::Faults faults;
};

class CacheModel {
 public:
  CacheModel(const Shape& shape, std::uint64_t seed);
  ~CacheModel();

  void run(std::uint64_t operations);

  // Every key, and the invariants that hold between operations.
  void check_everything();

  // What has gone wrong first; empty if nothing has.
  const std::string& failure() const noexcept { return failure_; }
  const corering::cache::CacheCounters& counters() { return cache_->counters(); }
  const corering::cache::Cache& cache() const noexcept { return *cache_; }

 private:
  struct Entry {
    std::string value;
    std::int64_t expiry_ms = 0;
    std::uint32_t flags = 0;
    std::uint64_t version = 0;
  };
  struct Held {
    corering::cache::ItemRef item;
    std::string key;
    std::string value;
  };

  void step();
  void get();
  void get_batch();
  void put();
  void modify();
  void touch();
  void remove();
  void reserve();
  void clear();
  void scan();
  void hold();
  void pass_time();

  std::string random_key();
  std::string random_value();
  std::int64_t random_expiry();
  Entry* known(const std::string& key);  // nothing if it has expired
  bool matches(const corering::cache::ItemRef& item, const std::string& key);
  void forgotten(const std::string& key);
  void stored(const std::string& key, Entry entry, std::uint64_t version);
  bool fetch(const std::string& key, corering::cache::Fetch::Purpose purpose);
  void turn();
  void fail(const std::string& what);

  Shape shape_;
  corering::testing::Random random_;
  std::unique_ptr<corering::testing::SimulatedDevice> device_;
  std::unique_ptr<corering::cache::Cache> cache_;
  std::unordered_map<std::string, Entry> map_;
  std::deque<Held> held_;
  std::int64_t now_ms_;
  std::uint64_t operation_ = 0;
  std::uint64_t last_version_ = 0;
  std::string failure_;
};

}  // namespace model
