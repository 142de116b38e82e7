// Waker: how a sleeping core is woken: by another core through its ring, or by any thread through an eventfd.
//
// Both end as a completion of the sleeping ring, so the wait itself needs nothing special. Ring messages save the waking core a
// system call of its own (they leave with its next enter) where the kernel has them.
//
// Thread: start, stop: owning core; signal: any. Lifetime: stopped before it dies.
#pragma once

#include <cstdint>

#include "corering/base/result.h"
#include "corering/metrics/counter.h"
#include "corering/ring/ring.h"
#include "corering/runtime/options.h"
#include "corering/sched/fleet.h"

namespace corering::runtime {

class Waker final : public sched::Alarm {
 public:
  explicit Waker(ring::Ring& ring) : ring_(ring) {}
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker();

  // Opens the eventfd. Errors: limit_too_low, system.
  base::Result<> open();

  // Listens for wake-ups from now on. Requires: the ring is enabled by this thread.
  void start();

  // Listens no more; is_stopped turns true once the kernel has let go.
  void stop();
  bool is_stopped() const noexcept { return !event_read_.in_flight() && !cancel_.in_flight(); }

  // Wakes this waker's core. Thread: any. Cost: one system call.
  void signal() noexcept { ring_.backend().signal_event(event_fd_); }

  // The same, for schedulers: at once, because a core that shares work may compute for long before its next enter.
  void sound() noexcept override { signal(); }

  std::uint64_t wake_ups() const noexcept { return wake_ups_.value(); }

 private:
  friend class RemoteWaker;

  void read_event();
  void on_event(ring::IoResult result);
  void on_message(ring::IoResult result);
  void on_cancel(ring::IoResult) {}

  ring::Ring& ring_;
  int event_fd_ = -1;
  std::uint64_t event_value_ = 0;
  bool stopping_ = false;
  metrics::Counter wake_ups_;
  ring::Completion event_read_ = ring::Completion::to<&Waker::on_event>(this);
  ring::Completion message_ = ring::Completion::to<&Waker::on_message>(this);
  ring::Completion cancel_ = ring::Completion::to<&Waker::on_cancel>(this);
};

// One core's way of waking another.
//
// Thread: the waking core. Lifetime: the ring and the target outlive it.
class RemoteWaker {
 public:
  RemoteWaker(ring::Ring& from, Waker& target, WakeBy how) noexcept;
  RemoteWaker(const RemoteWaker&) = delete;
  RemoteWaker& operator=(const RemoteWaker&) = delete;
  ~RemoteWaker();

  // The wake-up leaves with this turn's enter, or at once where rings cannot message each other.
  void wake();

 private:
  void on_failure(ring::IoResult result);

  ring::Ring& from_;
  Waker& target_;
  const bool by_message_;
  ring::Completion failure_ = ring::Completion::to<&RemoteWaker::on_failure>(this);
};

}  // namespace corering::runtime
