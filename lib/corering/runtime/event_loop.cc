#include "corering/runtime/event_loop.h"

#include "corering/base/tracepoint.h"

namespace corering::runtime {

EventLoop::EventLoop(Core& core, Service& service, DrainBarrier& barrier) : core_(core), service_(service), barrier_(barrier) {}

EventLoop::~EventLoop() { core_.timers().stop(drain_timer_); }

void EventLoop::run() {
  begin();
  while (turn()) {
  }
}

void EventLoop::begin() {
  core_.scheduler().make_current();
  core_.read_clock();
  last_event_ = core_.now();
  core_.waker().start();
  service_.start();
}

bool EventLoop::turn() {
  core_.scheduler().make_current();
  Progress& progress = core_.progress();
  core_.counters().turns.add();
  CORERING_TRACE(turn_begin, core_.id().value);
  progress.in(Phase::reap);
  reap();
  progress.in(Phase::dispatch);
  dispatch();
  progress.in(Phase::run_ready);
  run_ready();
  progress.in(Phase::fire_timers);
  fire_timers();
  progress.in(Phase::drain_mailboxes);
  drain_mailboxes();
  progress.in(Phase::flush);
  flush();
  if (is_finished()) {
    core_.offloads().abandon();
    service_.end();
    core_.leave();
    return false;
  }
  enter();
  return true;
}

// Results are copied out before any is acted on, so that handlers may submit while the kernel posts.
void EventLoop::reap() {
  const base::Instant last_turn = core_.now();
  core_.read_clock();
  batch_ = core_.ring().reap();
  if (polling_) core_.counters().polling_ns.add(static_cast<std::uint64_t>((core_.now() - last_turn).count()));
  if (batch_.empty()) return;
  last_event_ = core_.now();
  if (core_.options().loop.turn_timing == TurnTiming::on) core_.counters().completions.record(batch_.size());
}

void EventLoop::dispatch() { core_.ring().dispatch(batch_); }

void EventLoop::run_ready() {
  const LoopOptions& options = core_.options().loop;
  if (core_.scheduler().run({options.ready_count_max, options.ready_time_max, this}) != 0) last_event_ = core_.now();
}

void EventLoop::fire_timers() { core_.timers().advance(core_.now()); }

void EventLoop::drain_mailboxes() {
  Exchange& exchange = core_.exchange();
  for (std::uint16_t from = 0; from < exchange.cores(); ++from) {
    const std::size_t count =
        exchange.mailbox(CoreId{from}, core_.id()).take(core_.options().loop.message_count_max, [this](const Message& message) {
          message.run(core_);
        });
    if (count == 0) continue;
    core_.counters().messages_received.add(count);
    if (exchange.mailbox(CoreId{from}, core_.id()).sender_waits()) core_.tell_of_room(CoreId{from});
  }
  core_.calls().give_up_on_the_departed();
  core_.offloads().take_results();
  obey_requests();
}

// Chunks first: what came home in this turn is lent to the kernel before starved connections ask for it.
void EventLoop::flush() {
  core_.receive_buffers().refill();
  if (core_.can_feed_waiters()) core_.feed_waiters();
  core_.flush_list().run();
  core_.publish_messages();
}

void EventLoop::enter() {
  ring::EnterRequest request = waiting();
  if (core_.options().loop.turn_timing == TurnTiming::on) {
    core_.counters().turn_ns.record(static_cast<std::uint64_t>(core_.since_turn_began().count()));
  }
  CORERING_TRACE(turn_end, core_.id().value, batch_.size());
  polling_ = false;
  if (request.wait_count == 0 || !try_sleep()) {
    polling_ = batch_.empty() && !has_work();
    core_.progress().in(Phase::submit);
    core_.ring().enter({});
    return;
  }
  core_.update_gauges();
  core_.progress().in(Phase::wait);
  CORERING_TRACE(sleep, core_.id().value, request.timeout.count());
  core_.ring().enter(request);
  CORERING_TRACE(wake, core_.id().value);
  core_.unpark();
  core_.scheduler().wake_up();
}

// Both say first that this core sleeps, and then look whether something has come.
bool EventLoop::try_sleep() noexcept {
  if (!core_.try_park()) return false;
  if (core_.scheduler().try_sleep()) return true;
  core_.unpark();
  return false;
}

bool EventLoop::has_work() const noexcept {
  return core_.scheduler().has_work() || !core_.flush_list().empty() || core_.ring().has_completions() ||
         core_.can_feed_waiters() || core_.offloads().has_results() || core_.requested() != obeyed_;
}

ring::EnterRequest EventLoop::waiting() const noexcept {
  const LoopOptions& options = core_.options().loop;
  if (has_work() || core_.now() - last_event_ < options.spin) return {};
  ring::EnterRequest request{.wait_count = 1};
  if (const base::Instant next = core_.timers().next(); next != base::Instant::never()) {
    request.timeout = next - core_.now();
    if (request.timeout <= base::Duration::zero()) return {};
  }
  if (options.wait_count > 1 && core_.ring().features().has(ring::Feature::min_wait)) {
    request.wait_count = options.wait_count;
    request.min_wait = options.min_wait;
  }
  return request;
}

void EventLoop::obey_requests() {
  const Core::Request request = core_.requested();
  if (request == obeyed_) return;
  obeyed_ = request;
  if (request == Core::Request::abort) {
    abort();
    return;
  }
  core_.timers().start(drain_timer_, core_.now() + core_.options().drain_timeout);
  service_.drain();
}

// Nobody waits for a blocking call any longer.
void EventLoop::abort() {
  core_.offloads().abandon();
  service_.abort();
  core_.scheduler().cancel_all();
}

// Nothing of this core's is anywhere, and nothing of others is here.
bool EventLoop::is_idle() const noexcept {
  return core_.scheduler().is_idle() && core_.calls().is_idle() && core_.outbox().is_empty();
}

// Four steps, each waiting for the one before: the service is idle, the tasks and calls have come to their ends, all cores are as far,
// the waker is out of the kernel. Until the last, work of other cores may still lie here.
bool EventLoop::is_finished() {
  if (obeyed_ == Core::Request::run) return false;
  if (!winding_down_ && service_.is_idle()) {
    winding_down_ = true;
    core_.scheduler().wind_down();
  }
  if (!arrived_ && winding_down_ && is_idle()) {
    arrived_ = true;
    core_.timers().stop(drain_timer_);
    if (barrier_.arrive()) core_.wake_peers();
  }
  if (!arrived_ || !barrier_.is_open() || !is_idle()) return false;
  core_.waker().stop();
  return core_.waker().is_stopped();
}

}  // namespace corering::runtime
