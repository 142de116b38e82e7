// corering-kv: a cache for Redis and memcached clients.

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <csignal>
#include <cstdio>

#include "common/serve.h"
#include "corering/cache/cache.h"
#include "corering/cache/ring_device.h"
#include "kv/flags.h"
#include "kv/server/service.h"

namespace {

using namespace corering;

constexpr const char* kName = "corering-kv";

// A file's segments, and so the largest value that it takes, are 2 MiB; L1 takes as large ones into its own where it is large enough.
std::size_t l1_segment_bytes(std::size_t l1_bytes) {
  constexpr std::size_t kSegmentsWanted = 32;
  return std::clamp(std::bit_floor(l1_bytes / kSegmentsWanted), std::size_t{4} << 10, std::size_t{8} << 20);
}

// L2 and L3 of one core; no log if there is neither.
void add_lower_tiers(cache::CacheOptions& cache, const kv::Options& options) {
  if (options.l2_bytes == 0 && options.files.folder.empty()) return;
  cache.segment_bytes = l1_segment_bytes(cache.l1_bytes);
  cache.log.emplace();
  cache.log->memory_segments = options.l2_bytes / cache.log->segment_bytes;
  cache.log->compress = options.compress;
  // What goes down while the disk is busy waits in memory, up to an eighth of L1's.
  cache.log->staging_segments = std::clamp<std::size_t>(cache.l1_bytes / 8 / cache.log->segment_bytes, 4, 32);
  cache.sync_ms = options.configuration.l3_sync_ms;
}

// All but its memory and its device. The budget counts items; without eviction the room to move them in comes on top.
cache::CacheOptions cache_of_core(unsigned core, const kv::Options& options, const kv::TierFiles& files, const kv::Node& node) {
  const bool evicts = options.eviction == kv::Eviction::allowed;
  cache::CacheOptions cache{.l1_bytes = evicts ? options.l1_bytes : options.l1_bytes / 8 * 9, .now_ms = node.started_ms};
  add_lower_tiers(cache, options);
  if (!files.empty()) cache.layout = files.of_core(core).layout();
  return cache;
}

// Each core's share: its listeners by protocol, its part of the memory, its file.
apps::ServiceMaker service_maker(const kv::Options& options, const kv::TierFiles& files, kv::Node& node) {
  return [&](runtime::Core& core, const std::vector<int>& listeners) -> base::Result<std::unique_ptr<runtime::Service>> {
    cache::CacheOptions cache_options = cache_of_core(core.id().value, options, files, node);
    cache_options.memory = core.service_memory();
    std::unique_ptr<kv::HomeDevice> device;
    if (!files.empty()) {
      const cache::LogFile& file = files.of_core(core.id().value);
      device = std::make_unique<kv::HomeDevice>(
          std::make_unique<cache::RingDevice>(core.ring(), core.registered_buffers(), file.fd(), file.layout().file_bytes()));
      cache_options.device = device.get();
    }
    auto cache = cache::Cache::open(cache_options);
    if (!cache) return base::failure(std::move(cache.error()));
    auto keyspace = std::make_unique<kv::Keyspace>(std::move(*cache));
    keyspace->set_eviction(options.eviction, options.l1_bytes);
    kv::Listeners by_protocol{listeners, {}};
    if (options.configuration.memcached_port != 0) {
      by_protocol.memcached.push_back(by_protocol.resp.back());
      by_protocol.resp.pop_back();
    }
    return std::make_unique<kv::KvService>(core, node, options.configuration, std::move(keyspace), by_protocol,
                                           options.server.limits, std::move(device));
  };
}

// What the files hold when all is over. Exit code 1 if something that should be there is not.
int report_files(const kv::Node& node) {
  const std::string items = std::to_string(node.items_at_stop) + " items in " + node.file_folder;
  if (node.failed_files != 0) {
    std::fprintf(stderr, "%s: not saved: %u cache files have failed; the next start finds them empty\n", kName,
                 node.failed_files.load());
    return 1;
  }
  if (!node.saves_at_stop) {
    std::fprintf(stderr, "%s: not saved, as SHUTDOWN NOSAVE wanted it: %s are as at the last sync point\n", kName, items.c_str());
    return 0;
  }
  if (node.unsaved_items != 0) {
    std::fprintf(stderr, "%s: not saved: %lu of %s: give --drain_timeout_s more time\n", kName, node.unsaved_items.load(),
                 items.c_str());
    return 1;
  }
  std::string line = "saved " + items;
  if (node.unsaved_large_bytes != 0) {
    line += ", but for " + std::to_string(node.unsaved_large_bytes) + " bytes of values that are too large for a file";
  }
  std::fprintf(stderr, "%s: %s\n", kName, line.c_str());
  return 0;
}

std::string line_to_try(const std::string& host, std::uint16_t port) {
  return "redis-cli -h " + host + " -p " + std::to_string(port) + " set greeting hello";
}

}  // namespace

int main(int argc, char** argv) {
  kv::set_flag_defaults();
  apps::parse_command_line(argc, argv, "corering-kv: a cache for Redis and memcached clients.");
  auto options = kv::options_of_flags();
  if (!options) return apps::report_failure(kName, options.error());
  if (options->server.report_kernel) return apps::report_kernel(kName, options->server);
  kv::Node node(options->server.runtime.cores);
  node.executable = argv[0];
  node.request_stop = [] { kill(getpid(), SIGTERM); };
  kv::TierFiles files;
  apps::Life life;
  if (!options->files.folder.empty()) {
    auto opened = kv::TierFiles::open(options->files);
    if (!opened) return apps::report_failure(kName, opened.error());
    files = std::move(*opened);
    node.file_folder = options->files.folder;
    life.is_ready = [&node] { return node.cores_loading.load(std::memory_order_acquire) == 0; };
    life.on_stopped = [&node] { return report_files(node); };
  }
  // The cores' caches are of one size.
  options->server.runtime.service_memory_bytes = cache::Cache::memory_bytes_wanted(cache_of_core(0, *options, files, node));
  return apps::serve(kName, options->server, service_maker(*options, files, node), &line_to_try, life);
}
