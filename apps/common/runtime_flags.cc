#include "common/runtime_flags.h"

#include <gflags/gflags.h>

#include <string>
#include <utility>

#include "corering/base/byte_size.h"

DEFINE_string(profile, "balanced", "balanced, throughput (fuller batches) or latency (spins before it sleeps, with CPUs to spare)");
DEFINE_int32(event_interval, -1, "tasks run before I/O is looked at again, 1 to 65536; -1: as the profile says");
DEFINE_int32(event_time_us, -1, "no task begins later than this after I/O was looked at, 1 to 1000000; -1: as the profile says");
DEFINE_int32(message_interval, -1, "messages taken from each other core in a turn, 1 to 1024; -1: as the profile says");
DEFINE_int32(wait_events, -1, "wake for fewer events only after --min_wait_us, 1 to 4096; -1: as the profile says");
DEFINE_int32(min_wait_us, -1, "collect events for so long before waking for few, 0 to 1000000; -1: as the profile says");
DEFINE_int32(spin_us, -1, "stay awake for so long after an event, 0 to 1000000; -1: as the profile says, if CPUs are to spare");
DEFINE_int32(submission_entries, 512, "submission queue of each ring, 8 to 32768");
DEFINE_int32(completion_entries, 4096, "completion queue of each ring, at least twice the submission queue, up to 65536");
DEFINE_int32(max_blocking_threads, 32, "threads for calls that block, such as looking up names, 0 to 4096");
DEFINE_int32(blocking_queue, 1024, "calls that may wait for one of them, 0 to 1000000");
DEFINE_string(blocking_stack_bytes, "1MiB", "stack of each of them, 64KiB to 1GiB; 0: as ulimit -s says");
DEFINE_string(thread_name, "core", "of the cores' threads, with a number behind it, 1 to 10 characters");
DEFINE_string(thread_stack_bytes, "0", "stack of each core's thread, 64KiB to 1GiB; 0: as ulimit -s says");

namespace apps {

namespace {

using namespace corering;

base::Error impossible(const std::string& flag, const std::string& found, const std::string& need) {
  return {base::ErrorCode::invalid_argument, 0, "found --" + flag + "=" + found + ", need " + need};
}

struct Range {
  const char* flag;
  std::int32_t value;
  std::int32_t low;
  std::int32_t high;
  bool may_be_unset;  // -1
};

base::Result<> check_ranges() {
  const Range ranges[] = {{"event_interval", FLAGS_event_interval, 1, 65536, true},
                          {"event_time_us", FLAGS_event_time_us, 1, 1'000'000, true},
                          {"message_interval", FLAGS_message_interval, 1, 1024, true},
                          {"wait_events", FLAGS_wait_events, 1, 4096, true},
                          {"min_wait_us", FLAGS_min_wait_us, 0, 1'000'000, true},
                          {"spin_us", FLAGS_spin_us, 0, 1'000'000, true},
                          {"submission_entries", FLAGS_submission_entries, 8, 32768, false},
                          {"completion_entries", FLAGS_completion_entries, 2 * FLAGS_submission_entries, 65536, false},
                          {"max_blocking_threads", FLAGS_max_blocking_threads, 0, 4096, false},
                          {"blocking_queue", FLAGS_blocking_queue, 0, 1'000'000, false}};
  for (const Range& range : ranges) {
    if (range.may_be_unset && range.value == -1) continue;
    if (range.value >= range.low && range.value <= range.high) continue;
    return base::failure(
        impossible(range.flag, std::to_string(range.value), std::to_string(range.low) + " to " + std::to_string(range.high)));
  }
  return {};
}

base::Result<std::size_t> parse_stack(const std::string& flag, const std::string& value) {
  auto stack = base::parse_byte_size(value);
  if (!stack) return base::failure(impossible(flag, value, "a byte size: " + stack.error().text));
  if (*stack != 0 && (*stack < (64 << 10) || *stack > (1 << 30)))
    return base::failure(impossible(flag, value, "0 or 64KiB to 1GiB"));
  return static_cast<std::size_t>(*stack);
}

base::Result<> set_threads(runtime::Options& options) {
  auto stack = parse_stack("thread_stack_bytes", FLAGS_thread_stack_bytes);
  if (!stack) return base::failure(std::move(stack.error()));
  options.thread_stack_bytes = *stack;
  auto blocking_stack = parse_stack("blocking_stack_bytes", FLAGS_blocking_stack_bytes);
  if (!blocking_stack) return base::failure(std::move(blocking_stack.error()));
  options.blocking.stack_bytes = *blocking_stack;
  if (FLAGS_thread_name.empty() || FLAGS_thread_name.size() > 10) {
    return base::failure(impossible("thread_name", FLAGS_thread_name, "1 to 10 characters"));
  }
  options.thread_name = FLAGS_thread_name;
  options.blocking.threads_max = static_cast<std::uint32_t>(FLAGS_max_blocking_threads);
  options.blocking.waiting_max = static_cast<std::uint32_t>(FLAGS_blocking_queue);
  return {};
}

void set_loop(runtime::LoopOptions& loop) {
  using std::chrono::microseconds;
  if (FLAGS_event_interval != -1) loop.ready_count_max = static_cast<std::size_t>(FLAGS_event_interval);
  if (FLAGS_event_time_us != -1) loop.ready_time_max = microseconds(FLAGS_event_time_us);
  if (FLAGS_message_interval != -1) loop.message_count_max = static_cast<std::size_t>(FLAGS_message_interval);
  if (FLAGS_min_wait_us != -1) loop.min_wait = microseconds(FLAGS_min_wait_us);
  if (FLAGS_wait_events != -1) loop.wait_count = static_cast<std::uint32_t>(FLAGS_wait_events);
  // One of the two means nothing without the other.
  if (FLAGS_min_wait_us > 0 && FLAGS_wait_events == -1 && loop.wait_count == 1) loop.wait_count = 32;
  if (loop.min_wait == base::Duration::zero()) loop.wait_count = 1;
  if (FLAGS_spin_us == -1) return;
  loop.spin = microseconds(FLAGS_spin_us);
  loop.spin_when = runtime::SpinWhen::always;
}

}  // namespace

base::Result<> set_runtime(runtime::Options& options) {
  auto profile = runtime::parse_profile(FLAGS_profile);
  if (!profile) return base::failure(impossible("profile", FLAGS_profile, "balanced, throughput or latency"));
  runtime::apply_profile(*profile, options);
  if (auto sound = check_ranges(); !sound) return sound;
  set_loop(options.loop);
  options.ring.submission_entries = static_cast<std::uint32_t>(FLAGS_submission_entries);
  options.ring.completion_entries = static_cast<std::uint32_t>(FLAGS_completion_entries);
  return set_threads(options);
}

}  // namespace apps
