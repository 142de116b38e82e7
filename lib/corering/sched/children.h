// Children: several tasks that run side by side on one core, and the parent that waits until all have ended.
//
// What when_all and when_any are made of. The children start in order, each up to its first suspension, and go on as their waits
// end; the parent goes on from the end of the last. "Side by side" is not "at the same time": for that there is Fork (fork.h).
//
// Thread: a pinned parent's core. Lifetime: lives in the parent's frame. Cost: no allocation.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "corering/base/assert.h"
#include "corering/sched/task.h"

namespace corering::sched {

// A task's value where one has to be stored: void becomes std::monostate.
template <typename T>
using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

namespace internal {

template <typename T>
Stored<T> take_stored(Task<T>& task) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return task.take();
  }
}

// `OnEnd`: called with the index of each child that ends, before the parent may go on.
template <typename OnEnd, typename... Ts>
class Children {
 public:
  Children(std::tuple<Task<Ts>...>& tasks, const TaskContext& context, OnEnd& on_end) noexcept
      : tasks_(tasks), context_(context), on_end_(on_end) {
    CORERING_ASSERT(context.mobility == Mobility::pinned, "a stealable task runs children side by side: fork them");
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> parent) {
    parent_ = parent;
    start_all(std::index_sequence_for<Ts...>());
    return --left_ != 0;  // false: all have ended already
  }
  void await_resume() const noexcept {}

 private:
  struct Child {
    Children* all = nullptr;
    std::size_t index = 0;
  };

  template <std::size_t... kIndices>
  void start_all(std::index_sequence<kIndices...>) {
    (start(std::get<kIndices>(tasks_), kIndices), ...);
  }

  template <typename T>
  void start(Task<T>& task, std::size_t index) {
    children_[index] = {this, index};
    task.inherit(context_);
    task.frame().promise().set_transfer(&Children::on_child_end, &children_[index]);
    task.frame().resume();
  }

  static std::coroutine_handle<> on_child_end(void* self) {
    const Child& child = *static_cast<Child*>(self);
    Children& all = *child.all;
    all.on_end_(child.index);
    return --all.left_ == 0 ? all.parent_ : std::noop_coroutine();
  }

  std::tuple<Task<Ts>...>& tasks_;
  const TaskContext& context_;
  OnEnd& on_end_;
  std::coroutine_handle<> parent_;
  std::size_t left_ = sizeof...(Ts) + 1;  // children, and the start of them
  std::array<Child, sizeof...(Ts)> children_;
};

}  // namespace internal

}  // namespace corering::sched
