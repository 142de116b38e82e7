// EventLoop: what a core does all day: one turn after the other, seven phases each, one system call each.
//
//   reap → dispatch → run ready → fire timers → drain mailboxes → flush → enter
//
// Thread: owning core only.
#pragma once

#include <span>

#include "corering/ring/kernel_abi.h"
#include "corering/runtime/core.h"
#include "corering/runtime/drain_barrier.h"
#include "corering/runtime/service.h"

namespace corering::runtime {

class EventLoop final : private sched::IoWatch {
 public:
  EventLoop(Core& core, Service& service, DrainBarrier& barrier);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Starts the service and turns until every core has drained.
  void run();

  // The same in single steps, for simulations: begin once, turn while it returns true.
  void begin();
  bool turn();

 private:
  // In either direction.
  bool has_io() const noexcept override { return core_.ring().has_news() || !core_.flush_list().empty(); }

  void reap();
  void dispatch();
  void run_ready();
  void fire_timers();
  void drain_mailboxes();
  void flush();
  void enter();

  void obey_requests();
  bool has_work() const noexcept;
  bool try_sleep() noexcept;
  ring::EnterRequest waiting() const noexcept;
  void abort();
  bool is_idle() const noexcept;
  bool is_finished();

  Core& core_;
  Service& service_;
  DrainBarrier& barrier_;
  std::span<const ring::Cqe> batch_;
  base::Instant last_event_;
  bool polling_ = false;  // the last turn found nothing to do and did not sleep
  Core::Request obeyed_ = Core::Request::run;
  bool arrived_ = false;  // at the drain barrier
  bool winding_down_ = false;
  sched::Timer drain_timer_ = sched::Timer::to<&EventLoop::abort>(this);
};

}  // namespace corering::runtime
