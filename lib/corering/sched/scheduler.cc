#include "corering/sched/scheduler.h"

#include <algorithm>

#include "corering/base/assert.h"
#include "corering/base/tracepoint.h"

namespace corering::sched {

namespace {

constinit thread_local Scheduler* current_scheduler = nullptr;

// One reading of the clock covers runs of pinned work of one priority that take about so long together, and at most so many: the next
// ones may be longer. Stealable work, which is there to be long, is timed piece by piece.
constexpr base::Duration kTimePerReading = std::chrono::microseconds(1);
constexpr std::uint32_t kRunsPerReadingMax = 32;

// So often a core that has found nothing, and has asked for it, looks again before it gives up: a few microseconds in all. A core that
// computes answers with its next fork or join, long before this one could be put to sleep and woken.
constexpr std::uint32_t kLooksMax = 32;

void let_others_use_the_cpu() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

// What one batch has used up, and which priority used it.
class Scheduler::Batch {
 public:
  Batch(Scheduler& scheduler, const BatchLimits& limits)
      : scheduler_(scheduler), limits_(limits), read_at_(scheduler.clock_.now()) {
    scheduler.turn_time_ = read_at_;
    scheduler.batch_end_ = read_at_ + limits.time_max;
    scheduler.io_ = limits.io;
  }
  ~Batch() {
    read_clock();
    scheduler_.io_ = nullptr;
  }

  std::size_t count() const noexcept { return count_; }
  bool is_over() const noexcept { return count_ >= limits_.count_max || read_at_ >= scheduler_.batch_end_ || gives_way_; }

  void begin_run(Priority priority) noexcept {
    if (priority != priority_) read_clock();
    priority_ = priority;
  }

  // How many pieces of pinned work the batch may run before it has to look at the clock or at I/O. Requires: !is_over().
  std::uint32_t runs_max() const noexcept {
    if (priority_ == Priority::low) return 1;
    const std::uint32_t before_reading = std::max(scheduler_.runs_per_reading_, unread_ + 1) - unread_;
    return static_cast<std::uint32_t>(std::min<std::size_t>(before_reading, limits_.count_max - count_));
  }

  void end_runs(std::uint32_t count) noexcept {
    count_ += count;
    unread_ += count;
    if (priority_ == Priority::low) {
      read_clock();  // pieces of it may be long, whatever the runs of others are
    } else if (unread_ >= scheduler_.runs_per_reading_) {
      learn_from(read_clock());
    }
    gives_way_ = scheduler_.gives_way_to_io(priority_);
  }
  // Looking for work is no work: it counts in no priority.
  void begin_search() noexcept { read_clock(); }
  void end_search() noexcept { read_at_ = scheduler_.clock_.now(); }
  void end_stealable_run() noexcept {
    ++count_;
    ++unread_;
    read_clock();
    gives_way_ = scheduler_.gives_way_to_io(priority_);
  }

 private:
  // Returns the time since the last reading.
  base::Duration read_clock() noexcept {
    if (unread_ == 0) return {};
    const base::Instant now = scheduler_.clock_.now();
    const base::Duration taken = now - read_at_;
    const auto busy_ns = static_cast<std::uint64_t>(taken.count());
    Counters::OfPriority& of = scheduler_.counters_.of[index_of(priority_)];
    of.busy_ns.add(busy_ns);
    of.ran_ns.record(busy_ns / unread_, unread_);
    unread_ = 0;
    scheduler_.turn_time_ = now;
    read_at_ = now;
    return taken;
  }

  // Twice as many runs per reading next time if these were short; after long ones, no more than were done in the time.
  void learn_from(base::Duration taken) noexcept {
    std::uint32_t& runs = scheduler_.runs_per_reading_;
    if (taken <= kTimePerReading / 2) {
      runs = std::min(runs * 2, kRunsPerReadingMax);
    } else if (taken > kTimePerReading * 2) {
      runs = static_cast<std::uint32_t>(std::max<std::int64_t>(runs * kTimePerReading / taken, 1));
    }
  }

  Scheduler& scheduler_;
  const BatchLimits& limits_;
  base::Instant read_at_;
  std::size_t count_ = 0;
  std::uint32_t unread_ = 0;  // runs since the last reading
  Priority priority_ = Priority::urgent;
  bool gives_way_ = false;
};

Scheduler::Scheduler(std::uint16_t index, Fleet& fleet, const base::Clock& clock, TimerWheel& timers)
    : index_(index),
      fleet_(fleet),
      clock_(clock),
      timers_(timers),
      random_state_(0x9e3779b9U * (index + 1U)),
      turn_time_(clock.now()),
      batch_end_(turn_time_),
      context_{.home = this, .scope = &scope_} {}

Scheduler::~Scheduler() {
  CORERING_ASSERT(live() == 0, "a scheduler is destroyed before its tasks have ended");
  if (current_scheduler == this) current_scheduler = nullptr;
}

// Out of line and opaque: a coroutine that moves between threads must not keep the place of its first thread's variable.
[[gnu::noinline]] Scheduler& Scheduler::current() noexcept {
  asm volatile("");
  CORERING_ASSERT(current_scheduler != nullptr, "this thread is no core");
  return *current_scheduler;
}

void Scheduler::make_current() noexcept { current_scheduler = this; }

bool Scheduler::has_stealable_work() const noexcept {
  return std::any_of(deques_.begin(), deques_.end(), [](const Deque& deque) { return deque.has_private() || !deque.empty(); });
}

bool Scheduler::has_work_to_steal() noexcept {
  for (const Deque& deque : deques_) {
    if (!deque.empty()) return true;
  }
  for (Deque& deque : deques_) deque.want();
  return false;
}

void Scheduler::publish_if_wanted() noexcept {
  if (deque_mask_ == 0) return;
  for (Deque& deque : deques_) publish_if_wanted(deque);
}

void Scheduler::publish_if_wanted(Deque& deque) noexcept {
  if (!deque.is_wanted()) return;
  deque.publish();
  offer();
}

std::size_t Scheduler::run(const BatchLimits& limits) {
  take_inbox();
  // Woken to search, and with work of its own before it has begun to: somebody else has to, or nobody is woken as long as that lasts.
  const bool passes_search_on = (!ready_.empty() || deque_mask_ != 0) && fleet_.stop_searching(index_);
  if (deque_mask_ != 0) {
    for (Deque& deque : deques_) deque.publish();
    offer();
  } else if (passes_search_on) {
    offer();
  }
  if (ready_.empty() && deque_mask_ == 0 && (!fleet_.is_used() || !steal(limits.io))) return 0;
  Batch batch(*this, limits);
  while (!batch.is_over()) {
    const auto mask = static_cast<PriorityMask>(ready_.mask() | deque_mask_);
    if (mask == 0) {
      if (!fleet_.is_used()) break;
      batch.begin_search();
      if (!steal(limits.io)) break;
      batch.end_search();
      continue;
    }
    const Priority priority = rounds_.take(mask);
    batch.begin_run(priority);
    const PriorityMask bit = bit_of(priority);
    const bool pinned_first = (ready_.mask() & bit) != 0 && (stealable_is_next_ & deque_mask_ & bit) == 0;
    if (!pinned_first && run_stealable(priority)) {
      batch.end_stealable_run();
    } else if ((ready_.mask() & bit) != 0) {
      batch.end_runs(run_pinned(priority, batch.runs_max()));
    }
  }
  return batch.count();
}

// One piece, and more of them as long as it would be their turn anyway: nothing else has become ready, and their share is not used up.
// Requires: rounds_ has just taken one run for the first.
std::uint32_t Scheduler::run_pinned(Priority priority, std::uint32_t count_max) {
  stealable_is_next_ |= bit_of(priority);
  const PriorityMask ready = ready_.mask();
  const PriorityMask stealable = deque_mask_;
  const bool takes_turns = (stealable & bit_of(priority)) != 0;  // with stealable work of this priority
  const std::uint32_t more_max = takes_turns ? 0 : std::min(count_max - 1, rounds_.left(priority));
  ready_.run_next(priority);
  std::uint32_t more = 0;
  for (; more < more_max && ready_.mask() == ready && deque_mask_ == stealable; ++more) ready_.run_next(priority);
  rounds_.take_more(priority, more);
  return more + 1;
}

// The oldest one: in the order of spawning. What forks leave here is older than what their parents did since.
bool Scheduler::run_stealable(Priority priority) {
  Deque& deque = deques_[index_of(priority)];
  const PriorityMask bit = bit_of(priority);
  stealable_is_next_ = static_cast<PriorityMask>(stealable_is_next_ & ~bit);
  Stealable* work = nullptr;
  if (deque.has_private()) deque.publish();
  Steal result = Steal::lost;
  while (result == Steal::lost) result = deque.try_steal(work);
  if (result == Steal::empty) {
    deque_mask_ = static_cast<PriorityMask>(deque_mask_ & ~bit);
    return false;
  }
  work->run(*this);
  return true;
}

void Scheduler::take_inbox() {
  inbox_.take_all([this](Arrival& arrival) { arrival.arrive(*this); });
}

// Where nobody has answered lately, nobody is waited for: a core that has nothing to steal sleeps.
bool Scheduler::steal(const IoWatch* io) noexcept {
  if (fleet_.cores() == 1) return false;
  counters_.steal_attempts.add();
  for (std::uint32_t looks = 0;; ++looks) {
    if (try_steal()) {
      looks_max_ = kLooksMax;
      return true;
    }
    if (looks >= looks_max_ || !inbox_.empty() || (io != nullptr && io->has_io())) break;
    let_others_use_the_cpu();
  }
  looks_max_ /= 2;
  return false;
}

// The most urgent work of anybody, each time beginning with another core.
bool Scheduler::try_steal() noexcept {
  const std::uint16_t cores = fleet_.cores();
  const std::uint32_t first = random();
  for (const Priority priority : kAllPriorities) {
    for (std::uint32_t count = 0; count < cores; ++count) {
      Scheduler* victim = fleet_.scheduler(static_cast<std::uint16_t>((first + count) % cores));
      if (victim == nullptr || victim == this || !steal_from(*victim, priority)) continue;
      fleet_.stop_searching(index_);
      offer();  // there may be more
      return true;
    }
  }
  return false;
}

bool Scheduler::steal_from(Scheduler& victim, Priority priority) noexcept {
  Deque& theirs = victim.deques_[index_of(priority)];
  const std::size_t count_max = std::min((theirs.size() + 1) / 2, kStealMax);
  if (count_max == 0) {
    theirs.want();
    return false;
  }
  Deque& ours = deques_[index_of(priority)];
  std::size_t count = 0;
  while (count < count_max) {
    Stealable* work = nullptr;
    const Steal result = theirs.try_steal(work);
    if (result == Steal::empty) break;
    if (result == Steal::lost) continue;
    const bool has_room = ours.try_push(*work);
    CORERING_ASSERT(has_room, "a core that steals has an empty deque");
    ++count;
  }
  if (count == 0) return false;
  ours.publish();
  counters_.stolen.add(count);
  CORERING_TRACE(steal, index_, victim.index_, index_of(priority), count);
  deque_mask_ |= bit_of(priority);
  return true;
}

void Scheduler::offer() noexcept {
  if (fleet_.offer(random())) counters_.wakes.add();
}

// xorshift32 (Marsaglia, 2003): the same sequence in every run.
std::uint32_t Scheduler::random() noexcept {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 17;
  random_state_ ^= random_state_ << 5;
  return random_state_;
}

bool Scheduler::try_share(Stealable& work, Priority priority) noexcept {
  fleet_.note_use();
  Deque& deque = deques_[index_of(priority)];
  if (!deque.try_push(work)) {
    counters_.deque_refusals.add();
    return false;
  }
  deque_mask_ |= bit_of(priority);
  deque.publish();
  offer();
  return true;
}

bool Scheduler::try_share_soon(Stealable& work, Priority priority) noexcept {
  fleet_.note_use();
  Deque& deque = deques_[index_of(priority)];
  if (!deque.try_push(work)) {
    counters_.deque_refusals.add();
    return false;
  }
  deque_mask_ |= bit_of(priority);
  publish_if_wanted(deque);
  return true;
}

bool Scheduler::try_take_back(Stealable& work, Priority priority) noexcept {
  Deque& deque = deques_[index_of(priority)];
  Stealable* last = deque.try_pop();
  publish_if_wanted(deque);
  if (last == &work) return true;
  if (last != nullptr) {
    const bool has_room = deque.try_push(*last);
    CORERING_ASSERT(has_room, "what was popped fits again");
  }
  return false;
}

void Scheduler::share(Root& root) noexcept {
  if (!try_share(root, root.context().priority)) ready_.push(root.runnable());
}

void Scheduler::send_home(Arrival& arrival, Scheduler& home) noexcept {
  const std::uint16_t index = home.index_;
  home.inbox_.push(arrival);
  if (fleet_.wake(index)) counters_.wakes.add();
}

void Scheduler::cancel_all() noexcept {
  is_aborting_.store(true, std::memory_order_relaxed);
  scope_.cancel();
}

bool Scheduler::should_yield(Priority priority) noexcept {
  publish_if_wanted();
  const auto more_urgent = static_cast<PriorityMask>(bit_of(priority) - 1);
  return ((ready_.mask() | deque_mask_) & more_urgent) != 0 || gives_way_to_io(priority) || clock_.now() >= batch_end_;
}

void Scheduler::update_gauges() noexcept {
  counters_.live.set(live());
  const FramePool::Counts frames = FramePool::counts();
  counters_.frames_lent.set(frames.lent);
  counters_.frames_from_heap.set(frames.from_heap);
  counters_.frames_dropped.set(frames.dropped);
  counters_.frames_kept_bytes.set(frames.kept_bytes);
}

}  // namespace corering::sched
