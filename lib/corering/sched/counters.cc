#include "corering/sched/counters.h"

#include <string>

namespace corering::sched {

namespace {

constexpr std::array<const char*, kPriorities> kNames{"urgent", "high", "normal", "low"};

}  // namespace

void register_counters(metrics::Registry& registry, const Counters& counters) {
  registry.add("tasks_spawned", counters.spawned);
  registry.add("tasks_run", counters.run);
  registry.add("tasks_expired", counters.expired);
  registry.add("tasks_cancelled", counters.cancelled);
  registry.add("tasks_live", counters.live);
  registry.add("tasks_stolen", counters.stolen);
  registry.add("steal_attempts", counters.steal_attempts);
  registry.add("steal_wakes", counters.wakes);
  registry.add("deque_refusals", counters.deque_refusals);
  registry.add("frames_from_heap", counters.frames_from_heap);
  registry.add("frames_dropped", counters.frames_dropped);
  registry.add("frames_kept_bytes", counters.frames_kept_bytes);
  for (const Priority priority : kAllPriorities) {
    const std::string prefix = std::string("tasks_") + kNames[index_of(priority)];
    const Counters::OfPriority& of = counters.of[index_of(priority)];
    registry.add(prefix + "_run", of.run);
    registry.add(prefix + "_wait_ns", of.wait_ns);
    registry.add(prefix + "_busy_ns", of.busy_ns);
  }
}

}  // namespace corering::sched
