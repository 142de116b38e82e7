// corering-kv: a cache for Redis and memcached clients.

#include <csignal>

#include <unistd.h>

#include "common/serve.h"
#include "corering/cache/cache.h"
#include "kv/flags.h"
#include "kv/server/service.h"

namespace {

using namespace corering;

constexpr const char* kName = "corering-kv";

// The cache of a core. The budget counts items; without eviction the room to move them in comes on top.
cache::CacheOptions cache_options(const kv::Options& options, const kv::Node& node) {
  const bool evicts = options.eviction == kv::Eviction::allowed;
  return {.l1_bytes = evicts ? options.l1_bytes : options.l1_bytes / 8 * 9, .now_ms = node.started_ms};
}

// Each core's share: its listeners by protocol, its part of the memory.
apps::ServiceMaker service_maker(const kv::Options& options, kv::Node& node) {
  return
      [&options, &node](runtime::Core& core, const std::vector<int>& listeners) -> base::Result<std::unique_ptr<runtime::Service>> {
        cache::CacheOptions wanted = cache_options(options, node);
        wanted.memory = core.service_memory();
        auto cache = cache::Cache::open(wanted);
        if (!cache) return base::failure(std::move(cache.error()));
        auto keyspace = std::make_unique<kv::Keyspace>(std::move(*cache));
        keyspace->set_eviction(options.eviction, options.l1_bytes);
        kv::Listeners by_protocol{listeners, {}};
        if (options.configuration.memcached_port != 0) {
          by_protocol.memcached.push_back(by_protocol.resp.back());
          by_protocol.resp.pop_back();
        }
        return std::make_unique<kv::KvService>(core, node, options.configuration, std::move(keyspace), by_protocol,
                                               options.server.limits);
      };
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
  options->server.runtime.service_memory_bytes = cache::Cache::memory_bytes_wanted(cache_options(*options, node));
  return apps::serve(kName, options->server, service_maker(*options, node), &line_to_try);
}
