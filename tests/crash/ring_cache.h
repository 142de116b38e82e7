// RingCache: a cache of three tiers on the real kernel: a file, a ring, and turns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "corering/cache/cache.h"
#include "corering/cache/log_file.h"
#include "corering/cache/ring_device.h"
#include "corering/ring/io_uring_backend.h"
#include "corering/ring/registered_buffers.h"
#include "corering/ring/ring.h"

namespace crash {

using namespace corering;

class RingCache {
 public:
  static constexpr std::size_t kSegmentBytes = std::size_t{64} << 10;
  static constexpr std::uint64_t kFileBytes = std::uint64_t{32} << 20;
  static constexpr std::size_t kL1Bytes = std::size_t{256} << 10;

  RingCache();
  ~RingCache();

  // "" or why it cannot be opened. Returns when the items are known.
  std::string open(const std::string& path);

  cache::Cache& operator*() noexcept { return *cache_; }
  cache::Cache* operator->() noexcept { return cache_.get(); }

  // One turn: what the ring has, then the cache's own work. Waits a little if `wait`.
  enum class Wait : std::uint8_t { no, a_moment };
  void turn(Wait wait);

  // The value under a key, fetched if it is cold; nothing for a miss.
  std::optional<std::string> read(const std::string& key);

  // Brings up whatever may be the key's item, so that a change can be repeated.
  void fetch(const std::string& key);

  // Until everything is in the file and nothing is under way.
  void stop();

  // How often the cache has let go of something that had been stored, by itself: a miss explains nothing else.
  std::uint64_t evictions();

 private:
  ring::IoUringBackend backend_;
  std::optional<ring::Ring> ring_;
  std::optional<ring::RegisteredBuffers> buffers_;
  std::optional<cache::LogFile> file_;
  std::optional<cache::RingDevice> device_;
  std::unique_ptr<cache::Cache> cache_;
};

}  // namespace crash
