#include "kv/flags.h"

#include <gflags/gflags.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include "corering/base/byte_size.h"
#include "kv/server/eviction_policies.h"
#include "kv/store/slot_map.h"

DECLARE_string(bind);
DECLARE_int32(port);
DECLARE_string(unix_socket);

DEFINE_int32(memcached_port, 0, "TCP port for memcached clients, text and meta; 0: not served");
DEFINE_int32(databases, 16, "databases that SELECT knows: 1 to 16");
DEFINE_string(l1_bytes, "0", "memory for items, of all cores together; 0: half of the machine's, or of its control group's");
DEFINE_string(l2_bytes, "0", "memory for packed items below L1, of all cores together; 0: none");
DEFINE_string(l3_path, "", "folder for the files of cold items, one per core; none: nothing outlives the process");
DEFINE_string(l3_bytes, "0", "size of these files, all together; they are allocated at start");
DEFINE_int32(l3_sync_ms, 1000, "what was stored is durable after this time at most, and a sync: 1 to 60000");
DEFINE_bool(l3_reset, false, "throw away what the files hold");
DEFINE_bool(compress, false, "compress values below L1 with LZ4 where it saves an eighth");
DEFINE_string(eviction, "allkeys-lru",
              "when memory is full: noeviction answers -OOM, every other policy of Redis forgets the coldest items");
DEFINE_string(requirepass_file, "", "file whose first line is the password of the default user");
DEFINE_string(max_value_bytes, "512MiB", "largest argument of a request, and so the largest value");
DEFINE_int64(slowlog_us, 10'000, "SLOWLOG shows commands that took at least so many microseconds; negative: none");
DEFINE_bool(cluster_mode, false, "answer CLUSTER commands as a cluster of one node that owns all slots");
DEFINE_bool(debug_commands, false, "allow the harmless part of DEBUG");

namespace kv {

namespace {

using namespace corering;

// What a cache can address.
constexpr std::uint64_t kL3PerCoreMax = std::uint64_t{1000} << 30;

base::Error impossible(const std::string& flag, const std::string& found, const std::string& need) {
  return {base::ErrorCode::invalid_argument, 0, "found --" + flag + "=" + found + ", need " + need};
}

base::Result<std::uint64_t> bytes_of_flag(const char* flag, const std::string& text) {
  auto bytes = base::parse_byte_size(text);
  if (!bytes) return base::failure({bytes.error().code, 0, std::string("--") + flag + ": " + bytes.error().text});
  return *bytes;
}

// What this process may use: the machine's memory, or less if its control group says so.
std::uint64_t usable_memory_bytes() {
  auto bytes = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::uint64_t limit = 0;
    if (std::ifstream(path) >> limit && limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

base::Result<> set_memory(Options& options) {
  auto wanted = bytes_of_flag("l1_bytes", FLAGS_l1_bytes);
  if (!wanted) return base::failure(std::move(wanted.error()));
  const std::uint64_t cores = options.server.runtime.cores;
  constexpr std::uint64_t kLeastPerCore = std::uint64_t{1} << 20;
  const std::uint64_t bytes = *wanted != 0 ? *wanted : usable_memory_bytes() / 2;
  if (bytes / cores < kLeastPerCore) {
    return base::failure(impossible("l1_bytes", FLAGS_l1_bytes, "at least 1MiB for each of " + std::to_string(cores) + " cores"));
  }
  options.configuration.cores = options.server.runtime.cores;
  options.configuration.l1_bytes = options.configuration.l1_bytes_at_start = static_cast<std::size_t>(bytes);
  options.l1_bytes = static_cast<std::size_t>(bytes / cores);
  return {};
}

base::Result<> set_lower_tiers(Options& options) {
  const unsigned cores = options.server.runtime.cores;
  auto l2 = bytes_of_flag("l2_bytes", FLAGS_l2_bytes);
  if (!l2) return base::failure(std::move(l2.error()));
  auto l3 = bytes_of_flag("l3_bytes", FLAGS_l3_bytes);
  if (!l3) return base::failure(std::move(l3.error()));
  constexpr std::uint64_t kL2PerCoreMin = std::uint64_t{8} << 20;
  if (*l2 != 0 && *l2 / cores < kL2PerCoreMin) {
    return base::failure(
        impossible("l2_bytes", FLAGS_l2_bytes, "0, or at least 8MiB for each of " + std::to_string(cores) + " cores"));
  }
  if (FLAGS_l3_path.empty() && (*l3 != 0 || FLAGS_l3_reset)) {
    const bool has_size = *l3 != 0;
    return base::failure(impossible(has_size ? "l3_bytes" : "l3_reset", has_size ? FLAGS_l3_bytes : "true",
                                    "a folder for the files as well: --l3_path"));
  }
  if (!FLAGS_l3_path.empty() && (*l3 / cores < TierFiles::kBytesPerCoreMin || *l3 / cores > kL3PerCoreMax)) {
    return base::failure(
        impossible("l3_bytes", FLAGS_l3_bytes,
                   "32MiB to 1000GiB for each of " + std::to_string(cores) + " cores, for --l3_path=" + FLAGS_l3_path));
  }
  if (FLAGS_l3_sync_ms < 1 || FLAGS_l3_sync_ms > 60'000) {
    return base::failure(impossible("l3_sync_ms", std::to_string(FLAGS_l3_sync_ms), "1 to 60000"));
  }
  options.l2_bytes = static_cast<std::size_t>(*l2 / cores);
  options.compress = FLAGS_compress;
  options.files = {.folder = FLAGS_l3_path, .bytes = *l3, .cores = cores, .resets = FLAGS_l3_reset};
  options.configuration.l2_bytes = static_cast<std::size_t>(*l2);
  options.configuration.l3_bytes = *l3;
  options.configuration.l3_sync_ms = FLAGS_l3_sync_ms;
  options.configuration.l3_path = FLAGS_l3_path;
  return {};
}

base::Result<> set_eviction(Options& options) {
  if (!is_eviction_policy(FLAGS_eviction)) {
    return base::failure(impossible("eviction", FLAGS_eviction, "a policy of Redis: " + eviction_policy_list()));
  }
  const bool has_tiers = options.l2_bytes != 0 || !options.files.folder.empty();
  if (has_tiers && FLAGS_eviction == "noeviction") {
    return base::failure(
        impossible("eviction", FLAGS_eviction, "another policy with --l2_bytes or --l3_path: when those are full they forget"));
  }
  options.configuration.eviction = FLAGS_eviction;
  options.eviction = FLAGS_eviction == "noeviction" ? Eviction::refused : Eviction::allowed;
  return {};
}

base::Result<> set_password(Options& options) {
  if (FLAGS_requirepass_file.empty()) return {};
  std::ifstream file(FLAGS_requirepass_file);
  if (!file || !std::getline(file, options.configuration.password) || options.configuration.password.empty()) {
    return base::failure({base::ErrorCode::system, 0,
                          "found no password in " + FLAGS_requirepass_file +
                              ", need a file that this user may read, with the password as its first line (--requirepass_file)"});
  }
  return {};
}

base::Result<> set_limits(Options& options) {
  auto value_bytes = bytes_of_flag("max_value_bytes", FLAGS_max_value_bytes);
  if (!value_bytes) return base::failure(std::move(value_bytes.error()));
  if (*value_bytes < 1024 || *value_bytes > kValueBytesMax) {
    return base::failure(impossible("max_value_bytes", FLAGS_max_value_bytes, "1KiB to 512MiB"));
  }
  options.configuration.value_bytes_max = static_cast<std::size_t>(*value_bytes);
  if (FLAGS_databases < 1 || FLAGS_databases > static_cast<int>(kDatabaseCount)) {
    return base::failure(impossible("databases", std::to_string(FLAGS_databases), "1 to 16"));
  }
  options.configuration.databases = static_cast<unsigned>(FLAGS_databases);
  options.configuration.clients_max = options.server.limits.connections_max * options.server.runtime.cores;
  options.configuration.slowlog_us = FLAGS_slowlog_us;
  options.configuration.cluster_mode = FLAGS_cluster_mode;
  options.configuration.debug_commands = FLAGS_debug_commands;
  return {};
}

base::Result<> set_addresses(Options& options) {
  options.configuration.bind = FLAGS_bind;
  options.configuration.port = static_cast<std::uint16_t>(FLAGS_port);
  options.configuration.unix_socket = FLAGS_unix_socket;
  if (FLAGS_memcached_port < 0 || FLAGS_memcached_port > 65535) {
    return base::failure(impossible("memcached_port", std::to_string(FLAGS_memcached_port), "0 to 65535"));
  }
  if (FLAGS_memcached_port == 0) return {};
  if (!options.configuration.password.empty()) {
    return base::failure(impossible("memcached_port", std::to_string(FLAGS_memcached_port),
                                    "0 with --requirepass_file: memcached's protocol would let clients in without the password"));
  }
  auto address = sys::SocketAddress::parse_ip(FLAGS_bind, static_cast<std::uint16_t>(FLAGS_memcached_port));
  if (!address) return base::failure(std::move(address.error()));
  options.server.addresses.push_back(*address);
  options.configuration.memcached_port = static_cast<std::uint16_t>(FLAGS_memcached_port);
  return {};
}

base::Result<> check_cores(Options& options) {
  if (options.server.runtime.cores <= SlotMap::kCoresMax) return {};
  return base::failure(impossible("cores", std::to_string(options.server.runtime.cores), "at most 256"));
}

}  // namespace

void set_flag_defaults() { GFLAGS_NAMESPACE::SetCommandLineOptionWithMode("port", "6379", GFLAGS_NAMESPACE::SET_FLAGS_DEFAULT); }

base::Result<Options> options_of_flags() {
  auto server = apps::server_options();
  if (!server) return base::failure(std::move(server.error()));
  Options options;
  options.server = std::move(*server);
  for (auto* set : {&check_cores, &set_memory, &set_lower_tiers, &set_eviction, &set_password, &set_limits, &set_addresses}) {
    if (auto done = (*set)(options); !done) return base::failure(std::move(done.error()));
  }
  return options;
}

}  // namespace kv
