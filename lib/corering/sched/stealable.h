// Stealable: a piece of work that any core may run, as it lies in a StealDeque.
//
// Thread: run on the core that took it. Lifetime: its owner keeps it until it has run; running may destroy it.
#pragma once

namespace corering::sched {

class Scheduler;

class Stealable {
 public:
  using Function = void (*)(Stealable& self, Scheduler& here);

  explicit Stealable(Function function) noexcept : function_(function) {}

  void run(Scheduler& here) { function_(*this, here); }

 private:
  Function function_;
};

}  // namespace corering::sched
