// echo_torture: a crowd of good, slow, rude and hostile clients against an echo server, every byte checked.
//
// Each connection is of one of the behaviours in torture/round.h, chosen by the seed. Prints its seed first, progress
// every five seconds, and one summary line at the end. Exit code 0 only if no byte was wrong, no connection ended
// otherwise than its client meant it to, none stalled, and every behaviour got something done; 1 if not; 2 for bad
// flags. A seed repeats the clients' choices; the network's timing is its own.

#include <sys/resource.h>

#include <cstdio>
#include <memory>
#include <random>
#include <span>

#include "torture/crowd.h"
#include "torture/options.h"

namespace {

using namespace corering::torture;

constexpr std::uint64_t kDescriptorsBesideConnections = 16;

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

// False if this process may not open that many connections, with one line that says so.
bool raise_descriptor_limit(std::uint64_t connections) {
  const std::uint64_t needed = connections + kDescriptorsBesideConnections;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max >= needed) return true;
  std::fprintf(stderr, "echo_torture: RLIMIT_NOFILE is %llu, %llu are needed: use fewer --connections\n",
               static_cast<unsigned long long>(limit.rlim_max), static_cast<unsigned long long>(needed));
  return false;
}

std::expected<Target, std::string> find_target(const Options& options) {
  if (options.unix_socket.empty()) return Target::tcp(static_cast<std::uint16_t>(options.port));
  return Target::unix_socket(options.unix_socket);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse_options(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!options) {
    std::fprintf(stderr, "echo_torture: %s\n%s", options.error().c_str(), kUsage);
    return 2;
  }
  const auto target = find_target(*options);
  if (!target) {
    std::fprintf(stderr, "echo_torture: %s\n", target.error().c_str());
    return 2;
  }
  if (!raise_descriptor_limit(options->connections)) return 1;

  const auto shared = std::make_unique<Shared>();
  shared->target = *target;
  shared->seed = options->seed.value_or(random_seed());
  shared->message_bytes_max = options->message_bytes_max;
  std::printf("echo_torture: seed=%llu\n", static_cast<unsigned long long>(shared->seed));
  std::fflush(stdout);

  Crowd crowd(*shared, {.connections = static_cast<std::uint32_t>(options->connections), .seconds = options->seconds});
  crowd.run();
  std::printf("echo_torture: %s seed=%llu %s\n", shared->report.good() ? "good" : "BAD",
              static_cast<unsigned long long>(shared->seed), shared->report.line().c_str());
  return shared->report.good() ? 0 : 1;
}
