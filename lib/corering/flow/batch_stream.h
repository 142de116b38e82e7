// BatchStream<T>: items one by one in, batches out; and a producer that is told when the consumer lags.
//
// For work that is cheaper done together: rows to write, packets to compress, requests to another server. A batch is delivered when it
// has batch_items_max items, or when its first item has waited for batch_delay, whichever comes first. While the consumer is busy with
// one batch the next ones fill up, so batches grow with the load and an idle stream has low latency.
//
//   producer                                     consumer
//   co_await stream.push(item);                  while (!(batch = co_await stream.next()).empty()) ...
//   if (!stream.try_push(item)) ...on_room       stream.consume<&Store::on_batch>(this); ... stream.release();
//
// Both forms may be mixed. One consumer; any number of producers on the stream's core. One batch is delivered per turn of the loop.
//
// Full: batches_max batches wait, or fill, or are with the consumer. Then try_push refuses (counted) and the room hook is called once
// when there is room again; push waits, first come first served, and nobody overtakes those who wait.
//
// Thread: owning core only. Lifetime: the core outlives it; coroutines that wait on it may end before it, or are ended with it.
// Items left when it dies are destroyed: finish() and wait for is_drained() before. Cost: no lock, no allocation after construction.
#pragma once

#include <coroutine>
#include <span>
#include <string>
#include <utility>

#include "corering/base/intrusive.h"
#include "corering/flow/batch_buffers.h"
#include "corering/flow/batch_stream_counters.h"
#include "corering/flow/turn_work.h"
#include "corering/runtime/core.h"
#include "corering/sched/suspension.h"

namespace corering::flow {

struct PushTag;

struct BatchStreamOptions {
  std::string name = "stream";  // of its metrics
  std::size_t batch_items_max = 100;
  std::size_t batches_max = 8;                                // at least 2, so that one can fill while one is with the consumer
  base::Duration batch_delay = std::chrono::milliseconds(1);  // to the tick of the timer wheel (1 ms); zero: to the end of the turn
};

template <typename T>
class BatchStream {
 public:
  using Batch = std::span<T>;

  explicit BatchStream(runtime::Core& core, const BatchStreamOptions& options = {})
      : core_(core), batch_delay_(options.batch_delay), buffers_(options.batches_max, options.batch_items_max) {
    register_counters(core.registry(), options.name, counters_);
  }
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;
  ~BatchStream() {
    core_.timers().stop(delay_timer_);
    core_.ready().remove(room_call_);
    waiting_pushes_.clear();
  }

  // Producer.

  // False, and counted, if there is no room, or somebody waits for it already, or the stream is finished; the item is untouched then.
  // The room hook, if there is one, is called when it is worth another try.
  bool try_push(T&& item) noexcept {
    if (!may_push()) {
      counters_.refused.add();
      room_is_wanted_ = !finished_;
      return false;
    }
    take_in(std::move(item));
    return true;
  }
  bool try_push(const T& item)
    requires std::is_copy_constructible_v<T>
  {
    return try_push(T(item));
  }

  // Called in the ready phase, after a refused try_push, when there is room for a batch again.
  template <auto kMember, typename Owner>
  void on_room(Owner* owner) noexcept {
    room_hook_ = {[](void* self) { (static_cast<Owner*>(self)->*kMember)(); }, owner};
  }

  class PushAwaiter;

  // Waits while there is no room. The result is false, and the item gone, if the stream was finished before, or the task cancelled.
  PushAwaiter push(T item) noexcept { return PushAwaiter(*this, std::move(item)); }

  // What has been pushed is delivered without waiting for more.
  void flush() noexcept {
    if (buffers_.unsealed_count() == 0) return;
    core_.timers().stop(delay_timer_);
    seal(counters_.last_batches);
    deliver_soon();
  }

  // Nothing more is pushed: pushes that wait still get in, others are refused. After the last batch the consumer gets an empty one.
  void finish() noexcept {
    finished_ = true;
    deliver_soon();
  }

  // Consumer.

  // Has `kMember(Batch)` called for each batch. A batch belongs to the consumer until release(), called in the hook or any time later;
  // the next comes only after that. An empty batch is the end and is not released.
  template <auto kMember, typename Owner>
  void consume(Owner* owner) noexcept {
    batch_hook_ = {[](void* self, Batch batch) { (static_cast<Owner*>(self)->*kMember)(batch); }, owner};
    deliver_soon();
  }

  // The consumer has done with its batch: the items are destroyed. Requires: it has one.
  void release() noexcept {
    CORERING_ASSERT(is_out_, "a batch is released that nobody has");
    is_out_ = false;
    buffers_.release();
    admit_waiting();
    deliver_soon();
  }

  class NextAwaiter;

  // Waits for the next batch and releases the one before. The batch is valid until the next next(). Empty: the end, or the task was
  // cancelled: what is left stays for whoever consumes next.
  NextAwaiter next() noexcept { return NextAwaiter(*this); }

  // Finished, delivered and released: nothing is left inside.
  bool is_drained() const noexcept { return finished_ && !is_out_ && buffers_.empty() && waiting_pushes_.empty(); }

  // What happened so far.
  const BatchStreamCounters& counters() const noexcept { return counters_; }

  // Items per batch, over all batches: the true mean, not that of the last.
  double batch_items_mean() const { return counters_.batch_items.read().mean(); }

  // Items delivered per second since the first was pushed.
  double items_per_second() const noexcept {
    const double seconds = std::chrono::duration<double>(core_.now() - first_push_).count();
    return seconds > 0 ? static_cast<double>(counters_.delivered.value()) / seconds : 0;
  }

 private:
  friend class PushAwaiter;
  friend class NextAwaiter;

  struct RoomHook {
    void (*function)(void* owner) = nullptr;
    void* owner = nullptr;
  };
  struct BatchHook {
    void (*function)(void* owner, Batch batch) = nullptr;
    void* owner = nullptr;
  };

  bool may_push() const noexcept { return !finished_ && waiting_pushes_.empty() && buffers_.has_room(); }

  void take_in(T&& item) noexcept {
    if (first_push_ == base::Instant::never()) first_push_ = core_.now();
    counters_.pushed.add();
    const bool is_first = buffers_.unsealed_count() == 0;
    buffers_.push(std::move(item));
    if (buffers_.unsealed_count() == 0) {
      core_.timers().stop(delay_timer_);
      counters_.full_batches.add();
      is_due_ = false;
      deliver_soon();
    } else if (is_first) {
      start_delay();
    }
  }

  void start_delay() noexcept {
    if (batch_delay_ > base::Duration::zero()) {
      core_.timers().start(delay_timer_, core_.now() + batch_delay_);
    } else {
      on_delay();
    }
  }

  void on_delay() noexcept {
    is_due_ = true;
    deliver_soon();
  }

  void seal(metrics::Counter& reason) noexcept {
    buffers_.seal();
    reason.add();
    is_due_ = false;
  }

  bool has_batch() const noexcept { return buffers_.has_sealed() || is_due_ || (finished_ && !buffers_.empty()); }
  bool has_end() const noexcept { return is_drained() && !end_told_; }
  bool has_consumer() const noexcept { return next_ != nullptr || batch_hook_.function != nullptr; }

  void deliver_soon() noexcept {
    if (!is_out_ && has_consumer() && (has_batch() || has_end())) work_.schedule();
  }

  void deliver() {
    if (is_out_ || !has_consumer()) return;
    if (!buffers_.has_sealed() && buffers_.unsealed_count() != 0 && has_batch()) {
      core_.timers().stop(delay_timer_);
      seal(is_due_ ? counters_.timed_batches : counters_.last_batches);
    }
    if (buffers_.has_sealed()) {
      is_out_ = true;
      counters_.delivered.add(buffers_.front().size());
      counters_.batch_items.record(buffers_.front().size());
      hand_over(buffers_.front());
    } else if (has_end()) {
      end_told_ = true;
      hand_over({});
    }
  }

  void hand_over(Batch batch) {
    if (next_ != nullptr) {
      std::exchange(next_, nullptr)->resume(batch);
    } else {
      batch_hook_.function(batch_hook_.owner, batch);
    }
  }

  // Room has appeared: those who wait go first.
  void admit_waiting() noexcept {
    while (!waiting_pushes_.empty() && buffers_.has_room()) {
      PushAwaiter& first = waiting_pushes_.front();
      waiting_pushes_.pop_front();
      first.take_in();
      first.suspension_.resume();
    }
    if (room_is_wanted_ && room_hook_.function != nullptr && may_push()) {
      room_is_wanted_ = false;
      core_.ready().push(room_call_);
    }
  }

  void call_room_hook() { room_hook_.function(room_hook_.owner); }

  runtime::Core& core_;
  const base::Duration batch_delay_;
  BatchBuffers<T> buffers_;
  BatchStreamCounters counters_;
  base::Instant first_push_ = base::Instant::never();
  bool is_due_ = false;          // the batch being filled has waited long enough
  bool is_out_ = false;          // the consumer has the oldest batch
  bool finished_ = false;        // no more pushes
  bool end_told_ = false;        // the consumer has had the empty batch
  bool room_is_wanted_ = false;  // a try_push was refused and the hook has not been called since
  RoomHook room_hook_;
  BatchHook batch_hook_;
  NextAwaiter* next_ = nullptr;  // the coroutine that waits for a batch
  base::List<PushAwaiter, PushTag> waiting_pushes_;
  sched::Timer delay_timer_ = sched::Timer::to<&BatchStream::on_delay>(this);
  sched::Runnable room_call_ = sched::Runnable::to<&BatchStream::call_room_hook>(this);
  TurnWork work_ = TurnWork::to<&BatchStream::deliver>(core_, this);
};

// A coroutine with an item for a stream.
template <typename T>
class BatchStream<T>::PushAwaiter : public base::ListHook<PushTag> {
 public:
  PushAwaiter(BatchStream& stream, T item) noexcept : stream_(stream), item_(std::move(item)) {}
  PushAwaiter(const PushAwaiter&) = delete;
  PushAwaiter& operator=(const PushAwaiter&) = delete;
  ~PushAwaiter() { leave(); }

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) noexcept {
    if (coroutine.promise().context().is_cancelled() || stream_.finished_) {
      stream_.counters_.refused.add();
      return false;
    }
    if (stream_.may_push()) {
      take_in();
      return false;
    }
    suspension_.try_suspend(coroutine);
    stream_.counters_.push_waits.add();
    stream_.waiting_pushes_.push_back(*this);
    return true;
  }
  bool await_resume() const noexcept { return accepted_; }

 private:
  friend class BatchStream;

  void take_in() noexcept {
    accepted_ = true;
    stream_.take_in(std::move(item_));
  }
  // Does nothing if it does not wait, or the stream has died before it.
  void leave() noexcept {
    if (this->is_linked()) stream_.waiting_pushes_.erase(stream_.waiting_pushes_.iterator_to(*this));
  }
  bool on_cancel() noexcept {
    if (this->is_linked()) stream_.counters_.refused.add();
    leave();
    return true;
  }

  BatchStream& stream_;
  T item_;
  bool accepted_ = false;
  sched::Suspension suspension_ = sched::Suspension::to<&PushAwaiter::on_cancel>(this);
};

// The coroutine that takes the batches of a stream.
template <typename T>
class BatchStream<T>::NextAwaiter {
 public:
  explicit NextAwaiter(BatchStream& stream) noexcept : stream_(stream) {}
  NextAwaiter(const NextAwaiter&) = delete;
  NextAwaiter& operator=(const NextAwaiter&) = delete;
  ~NextAwaiter() {
    if (suspension_.is_waiting()) leave();
  }

  // Even a batch that is there is delivered by the loop, so that a consumer that is always behind still yields to I/O.
  bool await_ready() noexcept {
    if (stream_.is_out_) stream_.release();
    return stream_.is_drained() && stream_.end_told_;
  }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> coroutine) noexcept {
    if (!suspension_.try_suspend(coroutine)) return false;
    CORERING_ASSERT(stream_.next_ == nullptr, "two coroutines take batches from one stream");
    coroutine_ = coroutine;
    stream_.next_ = this;
    stream_.deliver_soon();
    return true;
  }
  Batch await_resume() const noexcept { return batch_; }

 private:
  friend class BatchStream;

  // Now, not from the ready queue: between the two somebody could cancel, and the batch would have no owner.
  void resume(Batch batch) {
    batch_ = batch;
    suspension_.forget();
    coroutine_.resume();
  }
  bool leave() noexcept {
    stream_.next_ = nullptr;
    return true;
  }

  BatchStream& stream_;
  Batch batch_;
  std::coroutine_handle<> coroutine_;
  sched::Suspension suspension_ = sched::Suspension::to<&NextAwaiter::leave>(this);
};

}  // namespace corering::flow
