#include "corering/sched/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "corering/testing/random.h"

namespace {

using corering::base::Duration;
using corering::base::Instant;
using corering::sched::Timer;
using corering::sched::TimerWheel;
using corering::testing::Random;
using namespace std::chrono_literals;

constexpr Duration kTick = TimerWheel::kTick;
constexpr Instant kBoot{3'600'000'123'456};  // a clock that has been running for an hour, between two ticks

// A timer that notes when it fires, and then does what the test says.
class Alarm {
 public:
  void then(std::function<void()> action) { then_ = std::move(action); }
  operator Timer&() { return timer_; }
  bool is_running() const { return timer_.is_running(); }
  int fired() const { return fired_; }

 private:
  void on_timer() {
    ++fired_;
    if (const auto action = then_) action();  // a copy: the action may destroy this alarm
  }

  int fired_ = 0;
  std::function<void()> then_;
  Timer timer_ = Timer::to<&Alarm::on_timer>(this);
};

// The first instant at which the wheel may fire a timer that is started now, for `deadline`.
Instant tick_at_or_after(Instant deadline) { return {(deadline.ns + kTick.count() - 1) / kTick.count() * kTick.count()}; }

// Goes from one next() to the following, as a sleeping core does, until the alarm fires; returns when that was and counts the
// wake-ups.
Instant sleep_until_fired(TimerWheel& wheel, const Alarm& alarm, int& wake_ups) {
  for (wake_ups = 1;; ++wake_ups) {
    const Instant now = wheel.next();
    if (now == Instant::never() || wake_ups > 10'000) return Instant::never();
    wheel.advance(now);
    if (alarm.fired() != 0) return now;
  }
}

TEST(TimerWheel, WithoutTimersItHasNothingToDo) {
  TimerWheel wheel(kBoot);
  EXPECT_EQ(wheel.next(), Instant::never());
  wheel.advance(kBoot + 1h);
  EXPECT_EQ(wheel.next(), Instant::never());
}

// Distances on both sides of every boundary between the levels, and far beyond the last one.
TEST(TimerWheel, ACoreThatSleepsUntilNextFiresPunctuallyAtAnyDistanceAfterFewWakeUps) {
  std::vector<Duration> distances{1ns, 999'999ns, 5h, 24h, 24h * 7};
  for (const std::int64_t ticks :
       {1, 63, 64, 65, 4'095, 4'096, 4'097, 262'143, 262'144, 262'145, 16'777'215, 16'777'216, 16'777'217}) {
    for (const Duration around : {Duration(-1ns), Duration(0), Duration(1ns)}) distances.push_back(ticks * kTick + around);
  }
  for (const Instant start : {Instant{0}, kBoot, Instant{63'000'000}, Instant{16'777'215'000'000}}) {
    for (const Duration distance : distances) {
      TimerWheel wheel(start);
      Alarm alarm;
      const Instant deadline = start + distance;
      wheel.start(alarm, deadline);
      int wake_ups = 0;
      const Instant fired = sleep_until_fired(wheel, alarm, wake_ups);
      ASSERT_EQ(fired, tick_at_or_after(deadline)) << "start " << start.ns << " distance " << distance.count();
      // One per level, and one per 4.6 hours in the coarsest.
      ASSERT_LE(wake_ups, 4 + distance / 4h) << "start " << start.ns << " distance " << distance.count();
      ASSERT_EQ(wheel.next(), Instant::never());
    }
  }
}

TEST(TimerWheel, ALongJumpFiresEverythingOnceInTheOrderOfDeadlines) {
  TimerWheel wheel(kBoot);
  std::deque<Alarm> alarms(300);
  std::vector<std::size_t> order;
  for (std::size_t index = 0; index < alarms.size(); ++index) {
    alarms[index].then([&order, index] { order.push_back(index); });
    // Deadlines from 2 ms to 15 h, in an order that has nothing to do with the alarms'.
    const std::size_t rank = index * 181 % alarms.size();
    wheel.start(alarms[index], kBoot + 2ms + rank * rank * 600ms);
  }
  wheel.advance(kBoot + 24h);
  ASSERT_EQ(order.size(), alarms.size());
  for (std::size_t place = 0; place < order.size(); ++place) EXPECT_EQ(order[place] * 181 % alarms.size(), place);
}

TEST(TimerWheel, ADeadlineInThePastFiresAtTheNextTickNotAtOnce) {
  TimerWheel wheel(kBoot);
  Alarm alarm;
  wheel.start(alarm, kBoot + Duration(-1h));
  EXPECT_EQ(alarm.fired(), 0);
  EXPECT_LE(wheel.next(), kBoot + kTick);
  wheel.advance(kBoot + kTick);
  EXPECT_EQ(alarm.fired(), 1);
}

TEST(TimerWheel, AStoppedTimerDoesNotFireAndLeavesNothingToDo) {
  TimerWheel wheel(kBoot);
  Alarm stopped;
  Alarm kept;
  for (const Duration distance : {Duration(5ms), Duration(5s), Duration(5min), Duration(5h), Duration(50h)}) {
    wheel.start(stopped, kBoot + distance);
    wheel.start(kept, kBoot + distance);
    wheel.stop(stopped);
    EXPECT_FALSE(stopped.is_running());
    wheel.stop(kept);
    EXPECT_EQ(wheel.next(), Instant::never()) << distance.count();
  }
  wheel.stop(stopped);
  wheel.advance(kBoot + 100h);
  EXPECT_EQ(stopped.fired() + kept.fired(), 0);
}

TEST(TimerWheel, StartedAgainItForgetsTheOldDeadline) {
  TimerWheel wheel(kBoot);
  Alarm later;
  Alarm earlier;
  wheel.start(later, kBoot + 10ms);
  wheel.start(later, kBoot + 10s);
  wheel.start(earlier, kBoot + 10s);
  wheel.start(earlier, kBoot + 10ms);
  wheel.advance(kBoot + 1s);
  EXPECT_EQ(later.fired(), 0);
  EXPECT_EQ(earlier.fired(), 1);
  wheel.advance(kBoot + 11s);
  EXPECT_EQ(later.fired(), 1);
  EXPECT_EQ(earlier.fired(), 1);
}

TEST(TimerWheel, AHandlerMayRestartItsTimer) {
  TimerWheel wheel(kBoot);
  Alarm alarm;
  Instant now = kBoot;
  alarm.then([&] { wheel.start(alarm, now + 10ms); });
  wheel.start(alarm, now + 10ms);
  for (int round = 0; round < 1'000; ++round) {
    now = now + kTick;
    wheel.advance(now);
  }
  EXPECT_GE(alarm.fired(), 90);  // every tenth tick, or every eleventh between ticks
  EXPECT_LE(alarm.fired(), 100);
  wheel.stop(alarm);
}

// Restarting for what has passed already must not keep advance() from returning.
TEST(TimerWheel, AHandlerThatRestartsItsTimerInThePastDoesNotRunAgainInTheSameTick) {
  TimerWheel wheel(kBoot);
  Alarm alarm;
  alarm.then([&] { wheel.start(alarm, kBoot); });
  wheel.start(alarm, kBoot);
  wheel.advance(kBoot + kTick);
  EXPECT_EQ(alarm.fired(), 1);
  EXPECT_TRUE(alarm.is_running());
  wheel.stop(alarm);
}

TEST(TimerWheel, AHandlerMayStopAndRestartOthersThatAreDueInTheSameTick) {
  TimerWheel wheel(kBoot);
  Alarm first, stopped, restarted, last;
  first.then([&] {
    wheel.stop(stopped);
    wheel.start(restarted, kBoot + 1s);
  });
  for (Alarm* alarm : {&first, &stopped, &restarted, &last}) wheel.start(*alarm, kBoot + 10ms);
  wheel.advance(kBoot + 11ms);
  EXPECT_EQ(first.fired(), 1);
  EXPECT_EQ(stopped.fired(), 0);
  EXPECT_FALSE(stopped.is_running());
  EXPECT_EQ(restarted.fired(), 0);
  EXPECT_EQ(last.fired(), 1);
  wheel.advance(kBoot + 2s);
  EXPECT_EQ(restarted.fired(), 1);
  EXPECT_EQ(stopped.fired(), 0);
}

TEST(TimerWheel, AHandlerMayDestroyItsTimerAndOthers) {
  TimerWheel wheel(kBoot);
  auto first = std::make_unique<Alarm>();
  auto second = std::make_unique<Alarm>();
  Alarm last;
  first->then([&] {
    wheel.stop(*second);
    second.reset();
    first.reset();
  });
  for (Alarm* alarm : {first.get(), second.get(), &last}) wheel.start(*alarm, kBoot + 10ms);
  wheel.advance(kBoot + 20ms);
  EXPECT_EQ(first, nullptr);
  EXPECT_EQ(second, nullptr);
  EXPECT_EQ(last.fired(), 1);
}

TEST(TimerWheel, AClockThatStandsStillFiresNothing) {
  TimerWheel wheel(kBoot);
  Alarm alarm;
  wheel.start(alarm, kBoot + 10ms);
  for (int round = 0; round < 3; ++round) wheel.advance(kBoot + 9ms);
  wheel.advance(kBoot);
  EXPECT_EQ(alarm.fired(), 0);
  wheel.advance(kBoot + 11ms);
  EXPECT_EQ(alarm.fired(), 1);
}

TEST(TimerWheelDeathTest, ATimerMustNotDieWhileItRuns) {
  EXPECT_DEATH(
      {
        TimerWheel wheel(kBoot);
        Alarm alarm;
        wheel.start(alarm, kBoot + 1s);
      },
      "destroyed while it is still in a list");
}

// Random starts, stops and advances, also from within handlers, compared with a multimap of what is due when.
class Model {
 public:
  explicit Model(std::uint64_t seed)
      : random_(seed), now_{static_cast<std::int64_t>(random_.below(1'000'000'000'000'000))}, wheel_(now_) {
    for (std::size_t index = 0; index < kTimers; ++index) timers_.emplace_back(*this);
  }
  ~Model() {
    for (Entry& entry : timers_) wheel_.stop(entry.timer);
  }

  void step() {
    if (random_.chance(700)) {
      change(timers_[random_.below(kTimers)]);
    } else {
      advance(random_.chance(300) ? wheel_.next() : now_ + span());
    }
    check_next();
  }

  std::uint64_t fired() const { return fired_; }

 private:
  static constexpr std::size_t kTimers = 60;

  struct Entry {
    explicit Entry(Model& owner) : model(owner) {}
    void on_timer() { model.on_timer(*this); }

    Model& model;
    Timer timer = Timer::to<&Entry::on_timer>(this);
    bool is_expected = false;  // to fire: it is in running_, at `place`
    Instant started;
    std::multimap<Instant, Entry*>::iterator place;
  };

  // Spans of all sizes; a third of them whole multiples of what a slot of some level spans, and their neighbours.
  Duration span() {
    constexpr std::int64_t kScales[] = {1'000'000,       64'000'000,         4'096'000'000,
                                        262'144'000'000, 16'777'216'000'000, 40'000'000'000'000};
    const std::int64_t scale = kScales[random_.below(std::size(kScales))];
    if (random_.chance(333)) {
      return Duration(scale * static_cast<std::int64_t>(random_.below(5))) + static_cast<std::int64_t>(random_.below(3)) * kTick;
    }
    return Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(scale))));
  }

  // Starts or stops; now and then the deadline has passed already.
  void change(Entry& entry) {
    if (entry.is_expected) running_.erase(entry.place);
    entry.is_expected = !random_.chance(250);
    if (!entry.is_expected) {
      wheel_.stop(entry.timer);
      return;
    }
    const Instant deadline = random_.chance(50)
                                 ? Instant{static_cast<std::int64_t>(random_.below(1 + static_cast<std::uint64_t>(now_.ns)))}
                                 : now_ + span();
    wheel_.start(entry.timer, deadline);
    entry.started = now_;
    entry.place = running_.emplace(deadline, &entry);
  }

  void advance(Instant to) {
    if (to == Instant::never()) return;
    now_ = to;
    latest_due_ = Instant{};
    wheel_.advance(to);
    for (const auto& [deadline, entry] : running_) {
      if (deadline + kTick > now_) break;
      ASSERT_GT(entry->started + kTick, now_) << "late by " << (now_ - deadline).count() << " ns";
    }
  }

  void on_timer(Entry& entry) {
    ++fired_;
    ASSERT_TRUE(entry.is_expected) << "fired although it was stopped, or fired twice";
    const Instant deadline = entry.place->first;
    running_.erase(entry.place);
    entry.is_expected = false;
    ASSERT_LE(deadline, now_) << "early";
    if (entry.started < now_) {  // those started in this very advance() join its end
      const Instant due = tick_at_or_after(std::max(deadline, entry.started));
      ASSERT_GE(due + kTick, latest_due_) << "out of order";
      latest_due_ = std::max(latest_due_, due);
    }
    if (random_.chance(300)) change(random_.chance(500) ? entry : timers_[random_.below(kTimers)]);
  }

  // A core that sleeps until next() is late for nothing, and has a reason to wake.
  void check_next() {
    const Instant next = wheel_.next();
    ASSERT_EQ(next == Instant::never(), running_.empty());
    if (running_.empty()) return;
    ASSERT_LE(next, std::max(tick_at_or_after(running_.begin()->first), now_ + kTick));
    ASSERT_GT(next, now_);
  }

  Random random_;
  Instant now_;
  TimerWheel wheel_;
  std::deque<Entry> timers_;
  std::multimap<Instant, Entry*> running_;  // by deadline
  Instant latest_due_;                      // of what has fired in this advance
  std::uint64_t fired_ = 0;
};

TEST(TimerWheel, BehavesLikeASortedMapOnEverySeed) {
  const char* given = std::getenv("CORERING_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}() * std::uint64_t{1'000};
  const std::uint64_t count = given != nullptr ? 1 : 500;
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + count - 1));
  std::uint64_t fired = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Model model(seed);
    for (int step = 0; step < 2'000; ++step) {
      model.step();
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "step " << step << "; reproduce with CORERING_SEED=" << seed;
    }
    fired += model.fired();
  }
  EXPECT_GT(fired, count * 100) << "the schedules prove little";
}

}  // namespace
