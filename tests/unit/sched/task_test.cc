#include "corering/sched/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "heap_count.h"

namespace {

using corering::sched::Task;

// Something to wait for: one coroutine at a time suspends in it until the test lets it go on.
class Gate {
 public:
  auto operator co_await() noexcept {
    struct Awaiter {
      Gate& gate;

      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> waiting) noexcept { gate.waiting_ = waiting; }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }

  void open() { std::exchange(waiting_, nullptr).resume(); }
  bool is_waited_for() const noexcept { return static_cast<bool>(waiting_); }

 private:
  std::coroutine_handle<> waiting_;
};

// The root of a chain, and whether it has ended.
class Root {
 public:
  explicit Root(Task<> task) : task_(std::move(task)) {}

  void start() {
    task_.start([](void* self) { ++static_cast<Root*>(self)->ends_; }, this);
  }
  bool has_ended() const { return ends_ == 1; }

 private:
  Task<> task_;
  int ends_ = 0;
};

void run(Task<> task) {
  Root root(std::move(task));
  root.start();
  EXPECT_TRUE(root.has_ended());
}

// Counts how many of it live, as a local of a coroutine.
class Guest {
 public:
  explicit Guest(int& count) : count_(count) { ++count_; }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  ~Guest() { --count_; }

 private:
  int& count_;
};

Task<int> add(int left, int right) { co_return left + right; }

template <typename T>
Task<> store(Task<T> task, T& place) {
  T value = co_await std::move(task);
  place = std::move(value);
}

TEST(Task, DeliversItsValue) {
  int sum = 0;
  run(store(add(40, 2), sum));
  EXPECT_EQ(sum, 42);
}

Task<std::unique_ptr<std::string>> own(std::string text) { co_return std::make_unique<std::string>(std::move(text)); }

TEST(Task, DeliversWhatCanOnlyBeMoved) {
  std::unique_ptr<std::string> text;
  run(store(own("a text too long for the small string buffer"), text));
  EXPECT_EQ(*text, "a text too long for the small string buffer");
}

Task<> say(std::string& trace, char name) {
  trace += name;
  co_return;
}

TEST(Task, DoesNothingBeforeItIsStartedOrAwaited) {
  std::string trace;
  Task<> task = say(trace, 'x');
  EXPECT_EQ(trace, "");
  run(std::move(task));
  EXPECT_EQ(trace, "x");
}

Task<int> bottom(Gate& gate, std::string& trace) {
  trace += "down ";
  co_await gate;
  trace += "up ";
  co_return 7;
}

Task<int> middle(Gate& gate, std::string& trace) {
  const int first = co_await bottom(gate, trace);
  trace += "again ";
  const int second = co_await bottom(gate, trace);
  co_return first * 10 + second;
}

Task<> top(Gate& gate, std::string& trace) {
  const int value = co_await middle(gate, trace);
  trace += std::to_string(value);
}

TEST(Task, AChainSuspendsAndGoesOnAsOne) {
  Gate gate;
  std::string trace;
  Root root(top(gate, trace));
  root.start();
  EXPECT_EQ(trace, "down ");
  gate.open();
  EXPECT_EQ(trace, "down up again down ");
  EXPECT_FALSE(root.has_ended());
  gate.open();
  EXPECT_EQ(trace, "down up again down up 77");
  EXPECT_TRUE(root.has_ended());
  EXPECT_FALSE(gate.is_waited_for());
}

// Where the stack is when a coroutine runs: symmetric transfer must not let it grow from await to await.
[[gnu::noinline]] std::uintptr_t stack_place() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

// Symmetric transfer rests on tail calls, which g++ makes from -O2 on, and not in coroutines under sanitizers.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr bool kIsInstrumented = false;
constexpr int kManyAwaits = 10'000;
#else
constexpr bool kIsInstrumented = true;
constexpr int kManyAwaits = 1'000;
#endif

[[gnu::noinline]] std::uintptr_t stack_place_after(int calls) { return calls == 0 ? stack_place() : stack_place_after(calls - 1); }

bool makes_tail_calls() { return !kIsInstrumented && stack_place_after(1) == stack_place_after(1'000); }

struct Depths {
  std::uintptr_t low = UINTPTR_MAX;
  std::uintptr_t high = 0;

  void look() {
    low = std::min(low, stack_place());
    high = std::max(high, stack_place());
  }
  std::uintptr_t bytes() const { return high - low; }
};

Task<int> one(Depths& depths) {
  depths.look();
  co_return 1;
}

Task<> count_to(int count, int& sum, Depths& depths) {
  for (int round = 0; round < count; ++round) {
    const int value = co_await one(depths);
    sum += value;
    depths.look();
  }
}

TEST(Task, ManyAwaitsInARowNeedNoStack) {
  int sum = 0;
  Depths depths;
  run(count_to(kManyAwaits, sum, depths));
  EXPECT_EQ(sum, kManyAwaits);
  if (makes_tail_calls()) {
    EXPECT_LE(depths.bytes(), 1'024u);
  }
}

Task<int> descend(int levels, Depths& depths) {
  depths.look();
  if (levels == 0) co_return 0;
  const int below = co_await descend(levels - 1, depths);
  depths.look();
  co_return below + 1;
}

TEST(Task, ADeepChainNeedsNoStackOnItsWayDownAndUp) {
  int levels = 0;
  Depths depths;
  run(store(descend(kManyAwaits, depths), levels));
  EXPECT_EQ(levels, kManyAwaits);
  if (makes_tail_calls()) {
    EXPECT_LE(depths.bytes(), 1'024u);
  }
}

// The frame is larger than FramePool keeps, so that it goes back to the heap at once and AddressSanitizer sees whoever touches it.
Task<> large_frame(Gate* gate, int& guests) {
  std::array<char, 8'192> large{};
  const Guest guest(guests);
  if (gate != nullptr) co_await *gate;
  large[0] = static_cast<char>(guests);
  EXPECT_EQ(large[0] + large[8'191], 1);
}

struct SelfDestroying {
  Task<> task;
  bool ended = false;

  void start() {
    task.start(
        [](void* context) {
          auto* self = static_cast<SelfDestroying*>(context);
          self->task = Task<>();
          self->ended = true;
        },
        this);
  }
};

TEST(Task, TheDoneHandlerMayDestroyTheTaskWhileStartStillRuns) {
  int guests = 0;
  SelfDestroying root{large_frame(nullptr, guests)};
  root.start();
  EXPECT_TRUE(root.ended);
  EXPECT_FALSE(root.task);
  EXPECT_EQ(guests, 0);
}

TEST(Task, TheDoneHandlerMayDestroyTheTaskAfterASuspension) {
  int guests = 0;
  Gate gate;
  SelfDestroying root{large_frame(&gate, guests)};
  root.start();
  EXPECT_EQ(guests, 1);
  gate.open();
  EXPECT_TRUE(root.ended);
  EXPECT_EQ(guests, 0);
}

TEST(Task, TheDoneHandlerMayDestroyTheOwnerOfTheTask) {
  struct Owner {
    Task<> task;
    std::unique_ptr<Owner>& self;
  };
  int guests = 0;
  Gate gate;
  std::unique_ptr<Owner> owner;
  owner.reset(new Owner{large_frame(&gate, guests), owner});
  owner->task.start([](void* context) { static_cast<Owner*>(context)->self.reset(); }, owner.get());
  gate.open();
  EXPECT_EQ(owner, nullptr);
  EXPECT_EQ(guests, 0);
}

Task<> nest(int levels, Gate& gate, int& guests) {
  const Guest guest(guests);
  if (levels == 0) {
    co_await gate;
  } else {
    co_await nest(levels - 1, gate, guests);
  }
}

// A connection that dies takes its handler along, wherever that waits.
TEST(Task, DestroyedWhileSuspendedItTakesTheWholeChainWithIt) {
  int guests = 0;
  Gate gate;
  {
    Root root(nest(9, gate, guests));
    root.start();
    EXPECT_EQ(guests, 10);
  }
  EXPECT_EQ(guests, 0);
}

Task<> keep(std::shared_ptr<int> argument) {
  co_await std::suspend_always();
  *argument = 1;
}

TEST(Task, DestroyedBeforeItsStartItLetsItsArgumentsGo) {
  const auto argument = std::make_shared<int>(0);
  {
    const Task<> task = keep(argument);
    EXPECT_EQ(argument.use_count(), 2);
  }
  EXPECT_EQ(argument.use_count(), 1);
}

Task<> await_twice(int& guests_seen, Gate& gate, int& guests) {
  const Task<> unused = nest(0, gate, guests);
  co_await nest(0, gate, guests);
  guests_seen = guests;
}

TEST(Task, AnAwaitedChildIsGoneWhenTheAwaitIsOver) {
  int guests = 0;
  int guests_seen = -1;
  Gate gate;
  Root root(await_twice(guests_seen, gate, guests));
  root.start();
  EXPECT_EQ(guests, 1);
  gate.open();
  EXPECT_TRUE(root.has_ended());
  EXPECT_EQ(guests_seen, 0);
}

TEST(Task, WarmItStartsWithoutTheHeap) {
  const auto use = [] {
    Gate gate;
    std::string trace;
    trace.reserve(100);
    const std::size_t before = heap_count::allocations();
    Root root(top(gate, trace));
    root.start();
    gate.open();
    gate.open();
    return heap_count::allocations() - before;
  };
  use();
  for (int round = 0; round < 100; ++round) ASSERT_EQ(use(), 0u);
}

TEST(Task, MovesWithoutTouchingTheCoroutine) {
  int guests = 0;
  Gate gate;
  Task<> first = nest(0, gate, guests);
  Task<> second = std::move(first);
  EXPECT_FALSE(first);
  ASSERT_TRUE(second);
  bool ended = false;
  second.start([](void* place) { *static_cast<bool*>(place) = true; }, &ended);
  const Task<> third = std::move(second);  // suspended
  gate.open();
  EXPECT_TRUE(ended);
}

Task<> fail() {
  throw std::string("thrown");
  co_return;
}

Task<> await_nothing() {
  Task<> empty;
  co_await std::move(empty);
}

TEST(TaskDeathTest, AnExceptionDoesNotLeaveACoroutine) { EXPECT_DEATH(run(fail()), "an exception left a coroutine"); }

TEST(TaskDeathTest, AnEmptyTaskCannotBeAwaited) { EXPECT_DEATH(run(await_nothing()), "an empty task is awaited"); }

TEST(TaskDeathTest, NothingCannotBeStarted) { EXPECT_DEATH(Task<>().start(nullptr, nullptr), "a task is started that has none"); }

TEST(TaskDeathTest, AnEndedTaskCannotBeStartedAgain) {
  std::string trace;
  EXPECT_DEATH(
      {
        Root root(say(trace, 'x'));
        root.start();
        root.start();
      },
      "an ended coroutine");
}

}  // namespace
