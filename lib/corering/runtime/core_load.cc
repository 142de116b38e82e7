#include "corering/runtime/core_load.h"

#include <algorithm>

namespace corering::runtime {

void CoreLoad::attach_this_thread() noexcept {
  attached_ = base::SteadyClock().now();
  times_before_ = sys::thread_times(sys::this_thread_id()).value_or(sys::ThreadTimes{});
  thread_id_.store(sys::this_thread_id(), std::memory_order_release);
}

void CoreLoad::sample(std::uint64_t polling_ns) noexcept {
  const pid_t thread_id = this->thread_id();
  if (thread_id == 0) return;
  const auto times = sys::thread_times(thread_id);
  if (!times) return;
  const auto elapsed = static_cast<std::uint64_t>((base::SteadyClock().now() - attached_).count());
  // The readings are taken one after the other, so a difference may come out a little below nothing.
  const auto minus = [](std::uint64_t a, std::uint64_t b) { return a - std::min(a, b); };
  const std::uint64_t cpu_ns = minus(times->cpu_ns, times_before_.cpu_ns);
  const std::uint64_t runnable_ns = minus(times->runnable_ns, times_before_.runnable_ns);
  cpu_.catch_up(cpu_ns);
  polling_.catch_up(std::min(polling_ns, cpu_ns));
  busy_.catch_up(minus(cpu_ns, polling_ns));
  runnable_.catch_up(runnable_ns);
  sleeping_.catch_up(minus(elapsed, cpu_ns + runnable_ns));
}

void CoreLoad::register_metrics(metrics::Registry& registry) {
  registry.add("cpu_ns", cpu_, "CPU time of the core's thread");
  registry.add("busy_ns", busy_, "CPU time without the turns that found nothing to do");
  registry.add("polling_ns", polling_, "Time of turns that found nothing to do and did not sleep");
  registry.add("runnable_ns", runnable_, "Time that the core's thread waited for a CPU");
  registry.add("sleeping_ns", sleeping_, "Time that the core slept");
}

}  // namespace corering::runtime
