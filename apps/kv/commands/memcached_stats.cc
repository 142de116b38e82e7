#include "kv/commands/memcached_stats.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "kv/commands/process.h"
#include "kv/commands/server_totals.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using corering::metrics::Snapshot;
using protocol::MemcachedWriter;

constexpr std::string_view kVersion = "1.6.18";  // that clients are told

// A metric that nobody has registered is 0: a server without a file has none of it.
std::uint64_t metric(const Snapshot& snapshot, std::string_view name) {
  const auto found = std::ranges::find(snapshot, name, &corering::metrics::Sample::name);
  return found == snapshot.end() ? 0 : found->value;
}

void number(MemcachedWriter& reply, std::string_view name, std::uint64_t value) { reply.stat(name, std::to_string(value)); }

std::string cpu_time(double seconds) {
  const auto us = static_cast<std::uint64_t>(seconds * 1e6);
  std::string fraction = std::to_string(us % 1'000'000);
  fraction.insert(fraction.begin(), 6 - fraction.size(), '0');
  return std::to_string(us / 1'000'000) + '.' + fraction;
}

void write_general(Server& server, MemcachedWriter& reply) {
  const Snapshot snapshot = server.core().registry().snapshot();
  const auto value = [&](std::string_view name) { return metric(snapshot, name); };
  const ProcessUsage process = process_usage();
  Statistics::Origin origin;
  for (Server* const other : server.node().servers) origin.add(other->statistics().origin);
  const std::uint64_t hits = value("cache_l1_hits") + value("cache_l2_hits") + value("cache_l3_hits") - origin.hits.value();
  const std::uint64_t misses = value("cache_misses") - origin.misses.value();
  number(reply, "pid", static_cast<std::uint64_t>(getpid()));
  number(reply, "uptime", static_cast<std::uint64_t>(std::max<std::int64_t>(server.now_ms() - server.node().started_ms, 0) / 1000));
  number(reply, "time", static_cast<std::uint64_t>(server.now_ms() / 1000));
  reply.stat("version", kVersion);
  number(reply, "pointer_size", sizeof(void*) * 8);
  reply.stat("rusage_user", cpu_time(process.user_s));
  reply.stat("rusage_system", cpu_time(process.system_s));
  number(reply, "max_connections", server.configuration().clients_max);
  number(reply, "curr_connections", value("accepted") - value("closed"));
  number(reply, "total_connections", value("kv_connections") - origin.connections.value());
  number(reply, "rejected_connections", value("refused"));
  number(reply, "cmd_get", hits + misses);
  number(reply, "cmd_set", value("cache_puts"));
  number(reply, "cmd_flush", value("cache_clears"));
  number(reply, "cmd_total", value("kv_commands") - origin.commands.value());
  number(reply, "get_hits", hits);
  number(reply, "get_misses", misses);
  number(reply, "get_expired", value("cache_expired") - origin.expired.value());
  number(reply, "bytes_read", value("received_bytes"));
  number(reply, "bytes_written", value("sent_bytes"));
  number(reply, "limit_maxbytes", server.configuration().l1_bytes);
  number(reply, "accepting_conns", 1);
  number(reply, "threads", server.core_count());
  number(reply, "curr_items", value("cache_items"));
  number(reply, "total_items", value("cache_puts"));
  number(reply, "bytes", value("cache_l1_live_bytes"));
  number(reply, "evictions", value("cache_l1_evicted") - origin.evicted.value());
  number(reply, "log_watchers", 0);
  reply.end();
}

void write_settings(Server& server, MemcachedWriter& reply) {
  const Configuration& configuration = server.configuration();
  number(reply, "maxbytes", configuration.l1_bytes);
  number(reply, "maxconns", configuration.clients_max);
  number(reply, "tcpport", configuration.memcached_port);
  number(reply, "udpport", 0);
  reply.stat("inter", configuration.bind);
  number(reply, "verbosity", 0);
  reply.stat("evictions", configuration.eviction == "noeviction" ? "off" : "on");
  reply.stat("domain_socket",
             configuration.unix_socket.empty() ? std::string_view("NULL") : std::string_view(configuration.unix_socket));
  number(reply, "num_threads", server.core_count());
  reply.stat("cas_enabled", "yes");
  number(reply, "item_size_max", configuration.value_bytes_max);
  number(reply, "idle_timeout", configuration.timeout_s);
  reply.stat("binding_protocol", "ascii");
  reply.end();
}

// There are no slab classes: all items are of class 1.
void write_items(Server& server, MemcachedWriter& reply) {
  const Snapshot snapshot = server.core().registry().snapshot();
  number(reply, "items:1:number", metric(snapshot, "cache_items"));
  number(reply, "items:1:evicted", metric(snapshot, "cache_l1_evicted"));
  number(reply, "items:1:outofmemory", metric(snapshot, "cache_no_memory"));
  reply.end();
}

void write_slabs(Server& server, MemcachedWriter& reply) {
  const Snapshot snapshot = server.core().registry().snapshot();
  number(reply, "active_slabs", 1);
  number(reply, "total_malloced", metric(snapshot, "cache_l1_bytes"));
  reply.end();
}

class ResetNotice final : public Notice {
 public:
  void tell(Server& there) override {
    if (there.lending().is_home()) reset_statistics(there);
  }
};

}  // namespace

void write_memcached_stats(Server& server, std::span<const std::string_view> words, MemcachedWriter& reply) {
  if (words.empty()) return write_general(server, reply);
  const std::string_view what = words[0];
  if (what == "settings") return write_settings(server, reply);
  if (what == "items") return write_items(server, reply);
  if (what == "slabs") return write_slabs(server, reply);
  if (what == "sizes" || what == "conns") return reply.end();
  if (what != "reset") return reply.line("ERROR");
  for (unsigned core = 0; core < server.core_count(); ++core) server.tell(core, std::make_unique<ResetNotice>());
  reply.line("RESET");
}

}  // namespace kv
