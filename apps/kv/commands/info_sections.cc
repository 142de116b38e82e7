#include "kv/commands/info_sections.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "kv/commands/command.h"
#include "kv/commands/connection_commands.h"
#include "kv/commands/process.h"

namespace kv {

namespace {

// Lines "name:value".
class Fields {
 public:
  explicit Fields(std::string& text) noexcept : text_(text) {}

  Fields& add(std::string_view name, std::string_view value) {
    text_.append(name).append(":").append(value).append("\r\n");
    return *this;
  }
  Fields& add(std::string_view name, std::uint64_t value) { return add(name, std::to_string(value)); }
  Fields& add(std::string_view name, std::int64_t value) { return add(name, std::to_string(value)); }
  Fields& add(std::string_view name, int value) { return add(name, std::to_string(value)); }
  Fields& add(std::string_view name, double value, int digits = 2) { return add(name, fixed(value, digits)); }
  Fields& bytes(std::string_view name, std::uint64_t value) {
    add(name, value);
    return add(std::string(name) + "_human", human_bytes(value));
  }

  // Names of one value: what is not there is 0.
  template <typename... Names>
  Fields& zeros(Names... names) {
    (add(names, 0), ...);
    return *this;
  }

  static std::string fixed(double value, int digits) {
    std::array<char, 64> text;
    const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return {text.data(), static_cast<std::size_t>(size)};
  }

 private:
  std::string& text_;
};

double ratio(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void write_server(std::string& text, Server& server, const ServerTotals&) {
  const Node& node = server.node();
  const Configuration& configuration = server.configuration();
  utsname system{};
  uname(&system);
  const std::int64_t uptime_s = std::max<std::int64_t>(server.now_ms() - node.started_ms, 0) / 1000;
  Fields(text)
      .add("redis_version", kRedisVersion)
      .add("redis_git_sha1", "00000000")
      .add("redis_git_dirty", 0)
      .add("redis_build_id", "0")
      .add("redis_mode", configuration.cluster_mode ? "cluster" : "standalone")
      .add("server_name", "corering-kv")
      .add("os", std::string(system.sysname) + " " + system.release + " " + system.machine)
      .add("arch_bits", 64)
      .add("monotonic_clock", "POSIX clock_gettime")
      .add("multiplexing_api", "io_uring")
      .add("gcc_version",
           std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." + std::to_string(__GNUC_PATCHLEVEL__))
      .add("process_id", std::int64_t{getpid()})
      .add("process_supervised", "no")
      .add("run_id", node.run_id)
      .add("tcp_port", int{configuration.port})
      .add("server_time_usec", server.now_us())
      .add("uptime_in_seconds", uptime_s)
      .add("uptime_in_days", uptime_s / 86'400)
      .add("hz", 10)
      .add("configured_hz", 10)
      .add("lru_clock", (server.now_ms() / 1000) & 0xff'ffff)
      .add("executable", node.executable)
      .add("config_file", node.configuration_file)
      .add("io_threads_active", 0);
}

void write_clients(std::string& text, Server& server, const ServerTotals& totals) {
  Fields(text)
      .add("connected_clients", totals.clients)
      .add("cluster_connections", 0)
      .add("maxclients", std::uint64_t{server.configuration().clients_max})
      .add("client_recent_max_input_buffer", totals.input_bytes_max)
      .add("client_recent_max_output_buffer", totals.output_bytes_max)
      .add("blocked_clients", totals.blocked_clients)
      .zeros("tracking_clients", "clients_in_timeout_table")
      .add("pubsub_clients", totals.pubsub_clients)
      .add("monitor_clients", totals.monitors);
}

void write_memory(std::string& text, Server& server, const ServerTotals& totals) {
  const ProcessUsage process = process_usage();
  const std::uint64_t overhead_bytes = totals.memory_bytes - std::min(totals.memory_bytes, totals.l1_live_bytes);
  const std::uint64_t budget_bytes = server.configuration().l1_bytes;
  Fields(text)
      .bytes("used_memory", totals.memory_bytes)
      .bytes("used_memory_rss", process.resident_bytes)
      .bytes("used_memory_peak", process.resident_bytes_peak)
      .add("used_memory_peak_perc", Fields::fixed(100 * ratio(process.resident_bytes, process.resident_bytes_peak), 2) + "%")
      .add("used_memory_overhead", overhead_bytes)
      .add("used_memory_startup", 0)
      .add("used_memory_dataset", totals.l1_live_bytes)
      .add("used_memory_dataset_perc", Fields::fixed(100 * ratio(totals.l1_live_bytes, totals.memory_bytes), 2) + "%")
      .add("allocator_allocated", totals.memory_bytes)
      .add("allocator_active", totals.memory_bytes)
      .add("allocator_resident", process.resident_bytes)
      .bytes("total_system_memory", process.machine_bytes)
      .bytes("used_memory_lua", 0)
      .zeros("used_memory_vm_eval", "used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions",
             "number_of_libraries", "used_memory_vm_functions", "used_memory_vm_total", "used_memory_functions")
      .bytes("used_memory_scripts", 0)
      .bytes("maxmemory", budget_bytes)
      .add("maxmemory_policy", server.configuration().eviction)
      .add("mem_fragmentation_ratio", ratio(process.resident_bytes, totals.memory_bytes))
      .add("mem_fragmentation_bytes",
           static_cast<std::int64_t>(process.resident_bytes) - static_cast<std::int64_t>(totals.memory_bytes))
      .zeros("mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers", "mem_clients_slaves")
      .add("mem_clients_normal", totals.input_bytes + totals.output_bytes)
      .zeros("mem_cluster_links", "mem_aof_buffer")
      .add("mem_allocator", "corering")
      .zeros("active_defrag_running", "lazyfree_pending_objects", "lazyfreed_objects");
}

void write_persistence(std::string& text, Server& server, const ServerTotals& totals) {
  const bool is_sound = totals.failed_files == 0;
  Fields(text)
      .add("loading", totals.is_recovered ? 0 : 1)
      .zeros("async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age")
      .add("current_fork_perc", "0.00")
      .zeros("current_save_keys_processed", "current_save_keys_total")
      .add("rdb_changes_since_last_save", totals.has_file ? totals.dirty_items : totals.puts)
      .add("rdb_bgsave_in_progress", 0)
      // With a file everything is saved all the time; without one nothing ever was.
      .add("rdb_last_save_time", (totals.has_file ? totals.synced_ms : server.node().started_ms) / 1000)
      .add("rdb_last_bgsave_status", is_sound ? "ok" : "err")
      .add("rdb_last_bgsave_time_sec", -1)
      .add("rdb_current_bgsave_time_sec", -1)
      .add("rdb_saves", totals.syncs)
      .zeros("rdb_last_cow_size", "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded", "aof_enabled",
             "aof_rewrite_in_progress", "aof_rewrite_scheduled")
      .add("aof_last_rewrite_time_sec", -1)
      .add("aof_current_rewrite_time_sec", -1)
      .add("aof_last_bgrewrite_status", "ok")
      .zeros("aof_rewrites", "aof_rewrites_consecutive_failures")
      .add("aof_last_write_status", is_sound ? "ok" : "err")
      .zeros("aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size");
}

void write_stats(std::string& text, Server&, const ServerTotals& totals) {
  const auto value = [&](std::string_view name) -> std::uint64_t {
    const auto found = std::ranges::find(totals.metrics, name, &corering::metrics::Sample::name);
    return found == totals.metrics.end() ? 0 : found->value;
  };
  Fields(text)
      .add("total_connections_received", totals.connections)
      .add("total_commands_processed", totals.commands)
      .add("instantaneous_ops_per_sec", totals.commands_per_s)
      .add("total_net_input_bytes", value("received_bytes"))
      .add("total_net_output_bytes", value("sent_bytes"))
      .zeros("total_net_repl_input_bytes", "total_net_repl_output_bytes")
      .add("instantaneous_input_kbps", "0.00")
      .add("instantaneous_output_kbps", "0.00")
      .add("rejected_connections", value("refused"))
      .zeros("sync_full", "sync_partial_ok", "sync_partial_err")
      .add("expired_keys", totals.expired)
      .add("expired_stale_perc", "0.00")
      .zeros("expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds")
      .add("evicted_keys", totals.evicted + totals.dropped)
      .add("evicted_clients", totals.output_overflows)
      .zeros("total_eviction_exceeded_time", "current_eviction_exceeded_time")
      .add("keyspace_hits", totals.hits)
      .add("keyspace_misses", totals.misses)
      .add("pubsub_channels", std::uint64_t{totals.channels.size()})
      .add("pubsub_patterns", std::uint64_t{totals.patterns.size()})
      .add("pubsubshard_channels", std::uint64_t{totals.shard_channels.size()})
      .zeros("latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys", "active_defrag_hits",
             "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
             "current_active_defrag_time", "tracking_total_keys", "tracking_total_items", "tracking_total_prefixes",
             "unexpected_error_replies")
      .add("total_error_replies", totals.error_replies)
      .zeros("dump_payload_sanitizations")
      .add("total_reads_processed", value("receives"))
      .add("total_writes_processed", value("sends"))
      .zeros("io_threaded_reads_processed", "io_threaded_writes_processed", "reply_buffer_shrinks", "reply_buffer_expands")
      .add("protocol_errors", totals.protocol_errors)
      .add("intruders", totals.intruders)
      .add("rejected_calls", totals.rejected_calls)
      .add("messages_published", totals.published)
      .add("messages_delivered", totals.delivered);
}

void write_replication(std::string& text, Server& server, const ServerTotals&) {
  Fields(text)
      .add("role", "master")
      .add("connected_slaves", 0)
      .add("master_failover_state", "no-failover")
      .add("master_replid", server.node().run_id)
      .add("master_replid2", std::string(40, '0'))
      .add("master_repl_offset", 0)
      .add("second_repl_offset", -1)
      .zeros("repl_backlog_active", "repl_backlog_size", "repl_backlog_first_byte_offset", "repl_backlog_histlen");
}

void write_cpu(std::string& text, Server&, const ServerTotals&) {
  const ProcessUsage process = process_usage();
  Fields(text)
      .add("used_cpu_sys", process.system_s, 6)
      .add("used_cpu_user", process.user_s, 6)
      .add("used_cpu_sys_children", "0.000000")
      .add("used_cpu_user_children", "0.000000")
      .add("used_cpu_sys_main_thread", process.system_s, 6)
      .add("used_cpu_user_main_thread", process.user_s, 6);
}

void write_modules(std::string&, Server&, const ServerTotals&) {}

void write_commandstats(std::string& text, Server&, const ServerTotals& totals) {
  for (const auto& [name, statistic] : totals.named_statistics()) {
    // Of the calls that were measured, made to fit all.
    const double per_call = ratio(statistic.took_us, statistic.measured_calls);
    const auto took_us = static_cast<std::uint64_t>(per_call * static_cast<double>(statistic.calls));
    Fields(text).add("cmdstat_" + std::string(name), "calls=" + std::to_string(statistic.calls) + ",usec=" +
                                                         std::to_string(took_us) + ",usec_per_call=" + Fields::fixed(per_call, 2) +
                                                         ",rejected_calls=" + std::to_string(statistic.rejected_calls) +
                                                         ",failed_calls=" + std::to_string(statistic.failed_calls));
  }
}

void write_errorstats(std::string& text, Server&, const ServerTotals& totals) {
  for (const auto& [kind, count] : totals.errors) Fields(text).add("errorstat_" + kind, "count=" + std::to_string(count));
}

void write_latencystats(std::string& text, Server&, const ServerTotals& totals) {
  for (const auto& [name, statistic] : totals.named_statistics()) {
    if (statistic.measured_calls == 0) continue;
    const auto at = [&](double part) { return std::to_string(statistic.percentile_us(part)) + ".000"; };
    Fields(text).add("latency_percentiles_usec_" + std::string(name),
                     "p50=" + at(0.5) + ",p99=" + at(0.99) + ",p99.9=" + at(0.999));
  }
}

void write_cluster(std::string& text, Server& server, const ServerTotals&) {
  Fields(text).add("cluster_enabled", server.configuration().cluster_mode ? 1 : 0);
}

void write_tiers(std::string& text, Server& server, const ServerTotals& totals) {
  const Configuration& configuration = server.configuration();
  const std::uint64_t hits = totals.l1.hits + totals.l2.hits + totals.l3.hits;
  const std::string_view state = !totals.has_file           ? "none"
                                 : !totals.is_recovered     ? "recovering"
                                 : totals.failed_files == 0 ? "healthy"
                                                            : "failed";
  Fields(text)
      .add("l1_budget_bytes", std::uint64_t{configuration.l1_bytes})
      .add("l1_bytes", totals.l1.bytes)
      .add("l1_large_value_bytes", totals.large_bytes)
      .add("l1_items", totals.l1.items)
      .add("l1_hits", totals.l1.hits)
      .add("l1_hit_rate", ratio(totals.l1.hits, hits + totals.cache_misses), 4)
      .add("l2_budget_bytes", std::uint64_t{configuration.l2_bytes})
      .add("l2_bytes", totals.l2.bytes)
      .add("l2_hits", totals.l2.hits)
      .add("l2_hit_rate", ratio(totals.l2.hits, hits + totals.cache_misses), 4)
      .add("l3_enabled", totals.has_file ? 1 : 0)
      .add("l3_state", state)
      .add("l3_path", configuration.l3_path)
      .add("l3_budget_bytes", configuration.l3_bytes)
      .add("l3_sync_ms", configuration.l3_sync_ms)
      .add("l3_segments", totals.file_segments)
      .add("l3_segments_free", totals.file_segments_free)
      .add("l3_hits", totals.l3.hits)
      .add("l3_hit_rate", ratio(totals.l3.hits, hits + totals.cache_misses), 4)
      .add("l3_fetches", totals.fetches)
      .add("l3_fetches_refused", totals.fetches_refused)
      .add("l3_written_bytes", totals.file_written_bytes)
      .add("l3_write_amplification", ratio(totals.file_written_bytes, totals.written_back_bytes))
      .add("l3_tombstones", totals.tombstones)
      .add("l3_overruns", totals.overruns)
      .add("l3_syncs", totals.syncs)
      .add("l3_last_sync_time", totals.has_file ? totals.synced_ms / 1000 : std::int64_t{0})
      .add("l3_errors", totals.write_errors + totals.sync_errors + totals.read_errors)
      .add("l3_damaged_reads", totals.damaged_reads)
      .add("l3_recovered_items", totals.recovered_items)
      .add("l3_recovered_bytes", totals.recovered_bytes)
      .add("l3_recovery_damaged_pieces", totals.damaged_pieces)
      .add("compressed_saved_bytes", totals.compressed_saved_bytes)
      .add("items", totals.items)
      .add("misses", totals.cache_misses)
      .add("hit_rate", ratio(hits, hits + totals.cache_misses), 4)
      .add("promotions", totals.promotions)
      .add("demotions", totals.demotions)
      .add("l1_evictions", totals.evicted)
      .add("l2_l3_evictions", totals.dropped)
      .add("dirty_items", totals.dirty_items)
      .add("index_bytes", totals.index_bytes);
}

void write_cores(std::string& text, Server&, const ServerTotals& totals) {
  Fields(text).add("cores", std::uint64_t{totals.cores.size()});
  for (const CoreTotals& core : totals.cores) {
    std::string value("clients=");
    const auto add = [&](std::string_view name, std::uint64_t count) { value.append(name).append(std::to_string(count)); };
    value.append(std::to_string(core.clients));
    add(",commands=", core.commands);
    add(",keys=", core.keys);
    add(",memory=", core.memory_bytes);
    add(",calls_sent=", core.calls_sent);
    add(",calls_received=", core.calls_received);
    add(",borrowings=", core.borrowings);
    add(",waits_for_keys=", core.waits_for_keys);
    add(",cold_waits=", core.cold_waits);
    add(",turns=", core.turns);
    Fields(text).add("core" + std::to_string(core.number), value);
  }
}

void write_keyspace(std::string& text, Server&, const ServerTotals& totals) {
  for (unsigned database = 0; database < kDatabaseCount; ++database) {
    if (totals.keys[database] == 0) continue;
    Fields(text).add("db" + std::to_string(database), "keys=" + std::to_string(totals.keys[database]) + ",expires=0,avg_ttl=0");
  }
}

constexpr auto kSections = std::to_array<InfoSection>({
    {"server", "Server", true, &write_server},
    {"clients", "Clients", true, &write_clients},
    {"memory", "Memory", true, &write_memory},
    {"persistence", "Persistence", true, &write_persistence},
    {"stats", "Stats", true, &write_stats},
    {"replication", "Replication", true, &write_replication},
    {"cpu", "CPU", true, &write_cpu},
    {"modules", "Modules", true, &write_modules},
    {"commandstats", "Commandstats", false, &write_commandstats},
    {"errorstats", "Errorstats", true, &write_errorstats},
    {"latencystats", "Latencystats", false, &write_latencystats},
    {"cluster", "Cluster", true, &write_cluster},
    {"tiers", "Tiers", true, &write_tiers},
    {"cores", "Cores", false, &write_cores},
    {"keyspace", "Keyspace", true, &write_keyspace},
});

}  // namespace

std::span<const InfoSection> info_sections() noexcept { return kSections; }

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::string_view kUnits = "KMGTPE";
  if (bytes < 1024) return std::to_string(bytes) + "B";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1024; value >= 1024 && unit + 1 < kUnits.size(); value /= 1024) ++unit;
  return Fields::fixed(value, 2) + kUnits[unit];
}

}  // namespace kv
