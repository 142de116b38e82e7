// Outcome<T>: the value of a task, or why there is none.
#pragma once

#include <expected>

#include "corering/sched/context.h"

namespace corering::sched {

// A std::expected that must not be ignored. Thread: one.
template <typename T = void>
class [[nodiscard]] Outcome : public std::expected<T, Stop> {
 public:
  using std::expected<T, Stop>::expected;
};

inline std::unexpected<Stop> stopped(Stop why) { return std::unexpected<Stop>(why); }

}  // namespace corering::sched
