// TaskContext: what a chain of coroutines inherits from its root: where it runs, how urgently, until when, and who may cancel it.
//
//   const sched::TaskContext& here = co_await sched::this_task();
//   if (here.is_cancelled()) co_return;
//
// Thread: read by whoever runs the task. Lifetime: longer than every coroutine that has it.
#pragma once

#include <cstdint>

#include "corering/base/clock.h"
#include "corering/sched/cancel_scope.h"
#include "corering/sched/priority.h"

namespace corering::sched {

class Scheduler;

// Pinned work touches what its core owns (connections, ring, cache) and never moves. Stealable work is self-contained computing:
// any idle core may take it, between any two of its awaits.
enum class Mobility : std::uint8_t { pinned, stealable };

// Why there is no result.
enum class Stop : std::uint8_t {
  cancelled,          // somebody gave up on it
  deadline_exceeded,  // its time had passed before it began, or before it ended
  unreachable,        // it was to run on a core that has stopped
};

struct TaskContext {
  Scheduler* home = nullptr;     // pinned work runs there; results return there
  CancelScope* scope = nullptr;  // never null in a running task
  base::Instant deadline = base::Instant::never();
  Priority priority = Priority::normal;
  Mobility mobility = Mobility::pinned;

  // Thread: any.
  bool is_cancelled() const noexcept { return scope->is_cancelled(); }
};

}  // namespace corering::sched
