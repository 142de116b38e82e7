// when_any: several tasks side by side on this core, of which the first to end counts.
//
//   const auto first = co_await sched::when_any(ask(primary), ask(replica));
//   if (first.index == 0) use(std::get<0>(first.value));
//
// When one has ended the others are cancelled: their waits end, they return, and only then does the await: nothing is left behind.
// Their values are dropped. Thread: a pinned task's core. Cost: one coroutine frame, no heap allocation.
#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "corering/sched/children.h"
#include "corering/sched/task.h"

namespace corering::sched {

// `value` holds alternative number `index`; void becomes std::monostate.
template <typename... Ts>
struct First {
  std::size_t index;
  std::variant<Stored<Ts>...> value;
};

namespace internal {

template <std::size_t kIndex = 0, typename... Ts>
std::variant<Stored<Ts>...> take_nth(std::tuple<Task<Ts>...>& tasks, std::size_t index) {
  if constexpr (kIndex + 1 < sizeof...(Ts)) {
    if (index != kIndex) return take_nth<kIndex + 1>(tasks, index);
  }
  return std::variant<Stored<Ts>...>(std::in_place_index<kIndex>, take_stored(std::get<kIndex>(tasks)));
}

// Remembers the first, and calls off the rest.
struct FirstEnds {
  CancelScope& scope;
  std::optional<std::size_t> index;

  void operator()(std::size_t ended) {
    if (index) return;
    index = ended;
    scope.cancel();
  }
};

}  // namespace internal

template <typename... Ts>
Task<First<Ts...>> when_any(Task<Ts>... tasks) {
  const TaskContext& outer = co_await this_task();
  CancelScope scope(outer.scope);
  TaskContext context = outer;
  context.scope = &scope;
  std::tuple<Task<Ts>...> all(std::move(tasks)...);
  internal::FirstEnds first{scope, {}};
  internal::Children<internal::FirstEnds, Ts...> children(all, context, first);
  co_await children;
  co_return First<Ts...>{*first.index, internal::take_nth(all, *first.index)};
}

}  // namespace corering::sched
