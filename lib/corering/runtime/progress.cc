#include "corering/runtime/progress.h"

namespace corering::runtime {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::outside: return "outside of its loop";
    case Phase::reap: return "reap";
    case Phase::dispatch: return "dispatch";
    case Phase::run_ready: return "run_ready";
    case Phase::fire_timers: return "fire_timers";
    case Phase::drain_mailboxes: return "drain_mailboxes";
    case Phase::flush: return "flush";
    case Phase::submit: return "submit";
    case Phase::wait: return "wait";
  }
  return "unknown";
}

}  // namespace corering::runtime
