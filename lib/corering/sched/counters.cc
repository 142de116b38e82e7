#include "corering/sched/counters.h"

#include <string>

namespace corering::sched {

namespace {

constexpr std::array<const char*, kPriorities> kNames{"urgent", "high", "normal", "low"};

}  // namespace

void register_counters(metrics::Registry& registry, const Counters& counters) {
  registry.add("tasks_spawned", counters.spawned, "Tasks spawned");
  for (const Counters::OfPriority& of : counters.of) registry.add("tasks_run", of.run, "Tasks run to their end");
  registry.add("tasks_expired", counters.expired, "Tasks whose deadline passed before they began");
  registry.add("tasks_cancelled", counters.cancelled, "Tasks cancelled before they began");
  registry.add("tasks_timed_out", counters.timed_out, "Tasks given up because they took too long");
  registry.add("tasks_live", counters.live, "Tasks that have not ended");
  registry.add("tasks_stolen", counters.stolen, "Pieces of work taken from other cores");
  registry.add("steal_attempts", counters.steal_attempts, "Searches for work on other cores");
  registry.add("steal_wakes", counters.wakes, "Cores woken to look for work");
  registry.add("deque_refusals", counters.deque_refusals, "Pieces of work for which no deque had room");
  registry.add("frames_lent", counters.frames_lent, "Coroutine frames taken");
  registry.add("frames_from_heap", counters.frames_from_heap, "Coroutine frames for which the pool had no place");
  registry.add("frames_dropped", counters.frames_dropped, "Coroutine frames that the pool did not keep");
  registry.add("frames_kept_bytes", counters.frames_kept_bytes, "Memory of coroutine frames that wait for reuse");
  for (const Priority priority : kAllPriorities) {
    const std::string prefix = std::string("tasks_") + kNames[index_of(priority)];
    const Counters::OfPriority& of = counters.of[index_of(priority)];
    registry.add(prefix + "_run", of.run, "Runs of tasks of this priority");
    registry.add(prefix + "_wait_ns", of.wait_ns, "Time that ready tasks of this priority waited");
    registry.add(prefix + "_busy_ns", of.busy_ns, "Time that tasks of this priority ran");
    const metrics::Labels labels{{"priority", kNames[index_of(priority)]}};
    registry.add({"task_wait_ns", "Time from the spawn of a task to its start, of one task in 16", labels}, of.waited_ns);
    registry.add({"task_run_ns", "Time that ready work ran between two waits; short runs in a row share theirs", labels},
                 of.ran_ns);
  }
}

}  // namespace corering::sched
