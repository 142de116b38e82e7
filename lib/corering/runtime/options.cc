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
  const bool has_spare_cpus = options.cores < cpus->size();
  if (options.loop.spin_when == SpinWhen::cpus_to_spare && !has_spare_cpus) options.loop.spin = base::Duration::zero();
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
      options.loop.ready_count_max = 512;
      options.loop.message_count_max = 512;
      options.loop.wait_count = 32;
      options.loop.min_wait = microseconds(50);
      break;
    case Profile::latency:
      options.loop.ready_count_max = 64;
      options.loop.message_count_max = 64;
      options.loop.spin = microseconds(50);
      break;
  }
}

std::string describe(const Options& options) {
  const auto field = [](const char* name, std::uint64_t value) { return std::string(" ") + name + '=' + std::to_string(value); };
  const auto us = [](base::Duration duration) { return static_cast<std::uint64_t>(duration.count() / 1000); };
  return "cores=" + std::to_string(options.cores) + field("pinned", options.pinning == Pinning::one_cpu_each ? 1 : 0) +
         field("event_interval", options.loop.ready_count_max) + field("event_time_us", us(options.loop.ready_time_max)) +
         field("message_interval", options.loop.message_count_max) + field("wait_events", options.loop.wait_count) +
         field("min_wait_us", us(options.loop.min_wait)) + field("spin_us", us(options.loop.spin)) +
         field("submission_entries", options.ring.submission_entries) +
         field("completion_entries", options.ring.completion_entries) + field("chunk_bytes", options.chunks.chunk_bytes) +
         field("chunks", options.chunks.chunk_count) + field("max_blocking_threads", options.blocking.threads_max) +
         field("blocking_queue", options.blocking.waiting_max) + field("blocking_stack_bytes", options.blocking.stack_bytes) +
         field("thread_stack_bytes", options.thread_stack_bytes) + " thread_name=" + options.thread_name;
}

}  // namespace corering::runtime
