// ServerTotals: what INFO and memcached's stats tell of the whole server: the numbers of all cores, added up, and each core's own.
//
//   totals.visit(there);   // on each core, by a Tour that needs the keys
//
// Thread: of the core that is visited; afterwards any.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "kv/server/server.h"

namespace kv {

struct TierTotals {
  std::uint64_t hits = 0;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
};

struct CoreTotals {
  unsigned number = 0;
  std::uint64_t clients = 0;
  std::uint64_t commands = 0;
  std::uint64_t keys = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t calls_sent = 0;
  std::uint64_t calls_received = 0;
  std::uint64_t borrowings = 0;
  std::uint64_t waits_for_keys = 0;
  std::uint64_t cold_waits = 0;
  std::uint64_t turns = 0;
};

struct ServerTotals {
  void visit(Server& there);

  // Clients.
  std::uint64_t clients = 0;
  std::uint64_t blocked_clients = 0;
  std::uint64_t pubsub_clients = 0;
  std::uint64_t monitors = 0;
  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t input_bytes_max = 0;  // of one client
  std::uint64_t output_bytes_max = 0;

  // Statistics.
  std::uint64_t connections = 0;
  std::uint64_t commands = 0;
  std::uint64_t commands_per_s = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t protocol_errors = 0;
  std::uint64_t intruders = 0;
  std::uint64_t rejected_calls = 0;
  std::uint64_t output_overflows = 0;
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t error_replies = 0;
  std::map<std::string, std::uint64_t, std::less<>> errors;
  std::map<const Command*, CommandStatistic> by_command;
  std::map<std::string, bool, std::less<>> channels;  // names only: the same channel on two cores is one
  std::map<std::string, bool, std::less<>> patterns;
  std::map<std::string, bool, std::less<>> shard_channels;

  // The caches.
  std::array<std::uint64_t, kDatabaseCount> keys{};
  std::uint64_t items = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t index_bytes = 0;
  std::uint64_t l1_live_bytes = 0;
  std::uint64_t puts = 0;
  std::uint64_t gets = 0;
  std::uint64_t expired = 0;
  std::uint64_t evicted = 0;
  std::uint64_t dropped = 0;  // evicted out of the lower tiers
  std::uint64_t no_memory = 0;
  std::uint64_t promotions = 0;
  std::uint64_t demotions = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t dirty_items = 0;
  std::uint64_t syncs = 0;
  std::uint64_t file_written_bytes = 0;
  std::uint64_t written_back_bytes = 0;
  std::uint64_t sync_errors = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t file_segments = 0;
  std::uint64_t file_segments_free = 0;
  std::uint64_t fetches = 0;
  std::uint64_t fetches_refused = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t overruns = 0;
  std::uint64_t read_errors = 0;
  std::uint64_t damaged_reads = 0;
  std::uint64_t recovered_items = 0;
  std::uint64_t recovered_bytes = 0;
  std::uint64_t damaged_pieces = 0;
  std::uint64_t compressed_saved_bytes = 0;
  std::uint64_t large_bytes = 0;
  std::uint64_t failed_files = 0;
  std::int64_t synced_ms = std::numeric_limits<std::int64_t>::max();  // since 1970: what was stored before is durable
  TierTotals l1;
  TierTotals l2;
  TierTotals l3;
  bool has_file = false;
  bool is_recovered = true;

  std::vector<CoreTotals> cores;
  corering::metrics::Snapshot metrics;  // of all cores, as their registry adds them up

  // By the commands' names, in their order.
  std::map<std::string_view, CommandStatistic> named_statistics() const;
};

// CONFIG RESETSTAT, on one core. Requires: its keyspace is at home.
void reset_statistics(Server& there);

}  // namespace kv
