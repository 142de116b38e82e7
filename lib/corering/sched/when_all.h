// when_all: several tasks side by side on this core; goes on when all have ended.
//
//   auto [user, items] = co_await sched::when_all(load_user(id), load_items(id));
//
// The results come in the order of the arguments; void becomes std::monostate. When the awaiting task is cancelled, so are they.
// Thread: a pinned task's core (stealable tasks fork: fork.h). Cost: one coroutine frame, no heap allocation.
#pragma once

#include <tuple>
#include <utility>

#include "corering/sched/children.h"
#include "corering/sched/task.h"

namespace corering::sched {

template <typename... Ts>
Task<std::tuple<Stored<Ts>...>> when_all(Task<Ts>... tasks) {
  const TaskContext& context = co_await this_task();
  std::tuple<Task<Ts>...> all(std::move(tasks)...);
  auto ignore = [](std::size_t) {};
  internal::Children<decltype(ignore), Ts...> children(all, context, ignore);
  co_await children;
  co_return std::apply([](auto&... each) { return std::tuple<Stored<Ts>...>(internal::take_stored(each)...); }, all);
}

}  // namespace corering::sched
