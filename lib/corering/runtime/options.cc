#include "corering/runtime/options.h"

#include <string>

#include "corering/sys/cpu.h"

namespace corering::runtime {

using std::chrono::microseconds;

base::Result<Profile> parse_profile(std::string_view name) {
  if (name == "balanced") return Profile::balanced;
  if (name == "throughput") return Profile::throughput;
  if (name == "latency") return Profile::latency;
  return base::failure(
      {base::ErrorCode::invalid_argument, 0, "found profile '" + std::string(name) + "', need balanced, throughput or latency"});
}

base::Result<> resolve_cores(Options& options) {
  auto cpus = sys::allowed_cpus();
  if (!cpus) return base::failure(std::move(cpus.error()));
  if (options.cores == 0) options.cores = static_cast<std::uint32_t>(cpus->size());
  if (options.pinning == Pinning::free || options.cores <= cpus->size()) return {};
  return base::failure({base::ErrorCode::invalid_argument, 0,
                        "found " + std::to_string(options.cores) + " cores to pin, need at most the " +
                            std::to_string(cpus->size()) + " CPUs this process may use: lower --cores or leave out --pin_cores"});
}

void apply_profile(Profile profile, Options& options) {
  options.loop = LoopOptions{.turn_timing = options.loop.turn_timing};
  switch (profile) {
    case Profile::balanced: break;
    case Profile::throughput:
      options.loop.wait_count = 32;
      options.loop.min_wait = microseconds(50);
      break;
    case Profile::latency: options.loop.spin = microseconds(50); break;
  }
}

}  // namespace corering::runtime
