// Configuration: what the servers of a core go by, and what CONFIG GET and SET show and change.
//
// One copy per core, changed on all by a Tour, so that nobody who reads it needs a lock. The fields here are those that the server itself
// reads; names that mean nothing here but that clients expect to find are remembered in `remembered`.
//
// Thread: its core's. Units: as the names say.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace kv {

// client-output-buffer-limit. Zero: none.
struct OutputLimit {
  std::size_t hard_bytes = 0;  // closed at once
  std::size_t soft_bytes = 0;  // closed after soft_seconds above it
  std::uint32_t soft_seconds = 0;
};

struct Configuration {
  // Fixed at start.
  std::uint16_t port = 0;
  std::uint16_t memcached_port = 0;  // 0: not served
  std::string bind;
  std::string unix_socket;
  unsigned databases = 16;
  unsigned cores = 1;
  std::size_t l1_bytes_at_start = 0;  // of all cores together
  std::size_t l2_bytes = 0;           // the same
  std::uint64_t l3_bytes = 0;         // the same; 0: no file
  std::int64_t l3_sync_ms = 1000;
  std::string l3_path;
  bool cluster_mode = false;
  bool debug_commands = false;
  std::size_t clients_max = 10'000;  // maxclients; of all cores together

  // May change.
  std::size_t l1_bytes = 0;                              // maxmemory; of all cores together
  std::size_t value_bytes_max = std::size_t{512} << 20;  // proto-max-bulk-len
  std::int64_t slowlog_us = 10'000;                      // slowlog-log-slower-than: negative: never
  std::size_t slowlog_count_max = 128;
  std::int64_t latency_threshold_ms = 0;
  std::size_t transaction_bytes_max = std::size_t{64} << 20;  // queued since MULTI: more spoils the transaction
  OutputLimit normal_limit{std::size_t{256} << 20, 0, 0};
  OutputLimit pubsub_limit{std::size_t{32} << 20, std::size_t{8} << 20, 60};
  std::uint32_t timeout_s = 0;           // of clients that say nothing; 0: none
  std::string eviction = "allkeys-lru";  // maxmemory-policy, in Redis's words
  std::string password;                  // requirepass

  std::map<std::string, std::string, std::less<>> remembered;
};

}  // namespace kv
