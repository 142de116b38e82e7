#include "kv/commands/server_totals.h"

#include <algorithm>

#include "corering/cache/cache.h"
#include "kv/commands/command.h"

namespace kv {

namespace {

std::uint64_t hits_of(const corering::cache::CacheCounters& counters) noexcept {
  return counters.l1_hits.value() + counters.l2_hits.value() + counters.l3_hits.value();
}

void visit_clients(ServerTotals& totals, Server& there) {
  for (const Client& client : there.clients()) {
    const std::uint64_t input_bytes = client.input_bytes();
    const std::uint64_t output_bytes = client.output_bytes();
    totals.blocked_clients += client.is_blocked() ? 1 : 0;
    totals.pubsub_clients += client.subscriptions.empty() ? 0 : 1;
    totals.monitors += client.is_monitor ? 1 : 0;
    totals.input_bytes += input_bytes;
    totals.output_bytes += output_bytes;
    totals.input_bytes_max = std::max(totals.input_bytes_max, input_bytes);
    totals.output_bytes_max = std::max(totals.output_bytes_max, output_bytes);
  }
  totals.clients += there.client_count();
}

void visit_statistics(ServerTotals& totals, Server& there) {
  const Statistics& statistics = there.statistics();
  totals.connections += statistics.connections.value() - statistics.origin.connections.value();
  totals.commands += statistics.commands.value() - statistics.origin.commands.value();
  totals.commands_per_s += statistics.command_rate.per_second();
  totals.protocol_errors += statistics.protocol_errors.value();
  totals.intruders += statistics.intruders.value();
  totals.rejected_calls += statistics.rejected_calls.value();
  totals.output_overflows += statistics.output_overflows.value();
  totals.published += statistics.published.value();
  totals.delivered += statistics.delivered.value();
  totals.error_replies += statistics.by_command.error_count();
  for (const auto& [kind, count] : statistics.by_command.errors()) totals.errors[kind] += count;
  for (const auto& [command, statistic] : statistics.by_command.commands()) totals.by_command[command].add(statistic);
  const PubSub& pubsub = there.pubsub();
  pubsub.for_each_name(Topic::channel, [&](std::string_view name) { totals.channels.try_emplace(std::string(name)); });
  pubsub.for_each_name(Topic::pattern, [&](std::string_view name) { totals.patterns.try_emplace(std::string(name)); });
  pubsub.for_each_name(Topic::shard_channel, [&](std::string_view name) { totals.shard_channels.try_emplace(std::string(name)); });
}

void visit_cache(ServerTotals& totals, Server& there) {
  Keyspace& keyspace = there.keyspace();
  corering::cache::Cache& cache = keyspace.cache();
  const corering::cache::CacheCounters& counters = cache.counters();
  for (unsigned database = 0; database < kDatabaseCount && keyspace.is_ready(); ++database) {
    totals.keys[database] += keyspace.size(database);
  }
  totals.items += cache.item_count();
  totals.memory_bytes += cache.memory_bytes();
  totals.index_bytes += counters.index_bytes.value();
  totals.l1_live_bytes += counters.l1_live_bytes.value();
  totals.puts += counters.puts.value();
  totals.gets += counters.gets.value();
  const Statistics::Origin& origin = there.statistics().origin;
  totals.hits += hits_of(counters) - origin.hits.value();
  totals.misses += counters.misses.value() - origin.misses.value();
  totals.expired += counters.expired.value() - origin.expired.value();
  totals.evicted += counters.l1_evicted.value() - origin.evicted.value();
  totals.no_memory += counters.no_memory.value();
  totals.promotions += counters.promotions.value();
  totals.demotions += counters.l1_demoted.value();
  totals.cache_misses += counters.misses.value();
  totals.dirty_items += counters.dirty_items.value();
  totals.written_back_bytes += counters.written_back_bytes.value();
  totals.fetches += counters.fetches.value();
  totals.fetches_refused += counters.fetches_refused.value();
  totals.large_bytes += counters.l1_large_bytes.value();
  totals.synced_ms = std::min(totals.synced_ms, there.file_keeper().synced_ms());
  totals.l1.hits += counters.l1_hits.value();
  totals.l1.items += counters.l1_items.value();
  totals.l1.bytes += counters.l1_bytes.value();
  totals.l2.hits += counters.l2_hits.value();
  totals.l3.hits += counters.l3_hits.value();
  totals.is_recovered = totals.is_recovered && keyspace.is_ready();
  if (const corering::cache::Log* const log = cache.log()) {
    const corering::cache::LogUsage usage = log->usage();
    const corering::cache::LogCounters& written = log->counters();
    totals.l2.bytes += usage.memory_bytes;
    totals.file_segments += usage.file_segments;
    totals.file_segments_free += usage.file_segments_free;
    totals.has_file = totals.has_file || log->file_state() != corering::cache::FileState::none;
    totals.syncs += written.syncs.value();
    totals.file_written_bytes += written.file_written_bytes.value();
    totals.sync_errors += written.sync_errors.value();
    totals.write_errors += written.write_errors.value();
    totals.dropped += written.memory_dropped_records.value() + written.file_dropped_records.value();
    totals.tombstones += written.tombstones.value();
    totals.overruns += written.overruns.value();
    totals.read_errors += written.read_errors.value();
    totals.damaged_reads += written.reads_damaged.value();
    totals.recovered_items += written.recovered_records.value();
    totals.recovered_bytes += written.recovered_bytes.value();
    totals.damaged_pieces += written.recovery_damaged_pieces.value();
    totals.compressed_saved_bytes += written.compressed_saved_bytes.value();
    const bool has_failed = there.has_file() && log->is_recovered() && !there.file_keeper().is_healthy();
    totals.failed_files += has_failed ? 1 : 0;
  }
}

}  // namespace

std::map<std::string_view, CommandStatistic> ServerTotals::named_statistics() const {
  std::map<std::string_view, CommandStatistic> named;
  for (const auto& [command, statistic] : by_command) named.emplace(command->name, statistic);
  return named;
}

void reset_statistics(Server& there) {
  Statistics& statistics = there.statistics();
  const corering::cache::CacheCounters& counters = there.keyspace().cache().counters();
  Statistics::Origin& origin = statistics.origin;
  origin.connections.set(statistics.connections.value());
  origin.commands.set(statistics.commands.value());
  origin.hits.set(hits_of(counters));
  origin.misses.set(counters.misses.value());
  origin.expired.set(counters.expired.value());
  origin.evicted.set(counters.l1_evicted.value());
  statistics.by_command.clear();
}

void ServerTotals::visit(Server& there) {
  if (cores.empty()) metrics = there.core().registry().snapshot();
  visit_clients(*this, there);
  visit_statistics(*this, there);
  visit_cache(*this, there);
  const Statistics& statistics = there.statistics();
  CoreTotals core;
  core.number = there.number();
  core.clients = there.client_count();
  core.commands = statistics.commands.value();
  core.keys = there.keyspace().cache().item_count();
  core.memory_bytes = there.keyspace().cache().memory_bytes();
  core.calls_sent = statistics.calls_sent.value();
  core.calls_received = statistics.calls_received.value();
  core.borrowings = statistics.borrowings.value();
  core.waits_for_keys = statistics.waits_for_keys.value();
  core.cold_waits = statistics.cold_waits.value();
  core.turns = there.core().counters().turns.value();
  cores.push_back(core);
}

}  // namespace kv
