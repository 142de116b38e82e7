#include "corering/runtime/call_port.h"

#include <utility>

#include "corering/base/assert.h"
#include "corering/runtime/core.h"

namespace corering::runtime {

// A core that was never run, or whose siblings were not.
CallPort::~CallPort() {
  while (!outstanding_.empty()) recall(outstanding_.front());
  CORERING_ASSERT(serving_ == 0, "a core is destroyed while it serves calls of others");
}

void CallPort::send(Letter& letter) noexcept {
  if (!core_.outbox().send(letter)) counters_.delayed.add();
}

// The asking core.

void CallPort::start(RemoteCall& call, Kind kind, CoreId to, CallAsker& asker, const sched::TaskContext& context) noexcept {
  CORERING_ASSERT(to.value < core_.exchange().cores(), "a call to a core that does not exist");
  call.asker_ = &asker;
  call.home_ = core_.id();
  call.to_ = to;
  call.started_ = core_.now();
  call.deadline_ = context.deadline;
  call.priority_ = context.priority;
  call.runs_task_ = kind == Kind::task;
  call.is_out_ = true;
  call.letter_.address<&CallPort::on_call>(to, &call);
  outstanding_.push_back(call);
  counters_.started.add();
  counters_.outstanding.set(counters_.outstanding.value() + 1);
  send(call.letter_);
}

void CallPort::forget(RemoteCall& call) noexcept {
  call.asker_ = nullptr;
  call.is_unwanted_.store(true, std::memory_order_relaxed);
  if (core_.outbox().try_take_back(call.letter_)) {
    call.end_ = RemoteCall::End::cancelled;
    call.is_out_ = false;
    tell(call);
  } else if (call.runs_task_) {
    call.is_cancel_out_ = true;
    call.cancel_letter_.address<&CallPort::on_cancel>(call.to_, &call);
    send(call.cancel_letter_);
  }
}

void CallPort::on_answer(Core& home, RemoteCall& call) {
  call.is_out_ = false;
  home.calls().tell(call);
}

// Once per call. A cancel letter that has not left is not needed any more; one that has keeps the call alive.
void CallPort::tell(RemoteCall& call) {
  count_end(call);
  if (CallAsker* const asker = std::exchange(call.asker_, nullptr)) asker->on_answer(call);
  if (call.is_cancel_out_ && core_.outbox().try_take_back(call.cancel_letter_)) call.is_cancel_out_ = false;
  release_if_home(call);
}

void CallPort::count_end(const RemoteCall& call) noexcept {
  if (call.asker_ == nullptr) {
    counters_.cancelled.add();
    return;
  }
  switch (call.end_) {
    case RemoteCall::End::answered:
      counters_.answered.add();
      counters_.answered_ns.record(static_cast<std::uint64_t>((core_.now() - call.started_).count()));
      return;
    case RemoteCall::End::cancelled: counters_.cancelled.add(); return;
    case RemoteCall::End::expired: counters_.expired.add(); return;
    case RemoteCall::End::unreachable: counters_.unreachable.add(); return;
    case RemoteCall::End::none: break;
  }
  CORERING_ASSERT(false, "a call comes home before its end");
}

void CallPort::on_cancel_returned(Core& home, RemoteCall& call) {
  call.is_cancel_out_ = false;
  home.calls().release_if_home(call);
}

void CallPort::release_if_home(RemoteCall& call) noexcept {
  if (call.is_out_ || call.is_cancel_out_) return;
  outstanding_.erase(outstanding_.iterator_to(call));
  counters_.outstanding.set(counters_.outstanding.value() - 1);
  call.destroy();
}

// All that the departed has ever sent is in the mailbox or taken from it; so what is still out when that is empty never comes.
void CallPort::give_up_on_the_departed() {
  Exchange& exchange = core_.exchange();
  if (outstanding_.empty() || !exchange.has_anybody_left()) return;
  for (auto next = outstanding_.begin(); next != outstanding_.end();) {
    RemoteCall& call = *next++;
    if (exchange.has_left(call.to_) && exchange.mailbox(call.to_, core_.id()).empty()) recall(call);
  }
}

void CallPort::recall(RemoteCall& call) {
  static_cast<void>(core_.outbox().try_take_back(call.letter_));
  static_cast<void>(core_.outbox().try_take_back(call.cancel_letter_));
  call.is_cancel_out_ = false;
  if (std::exchange(call.is_out_, false)) {
    call.end_ = RemoteCall::End::unreachable;
    tell(call);
  } else {
    release_if_home(call);
  }
}

// The answering core.

void CallPort::on_call(Core& there, RemoteCall& call) { there.calls().serve(call); }

RemoteCall::End CallPort::reason_not_to_begin(const RemoteCall& call, Core& there) noexcept {
  if (call.is_unwanted_.load(std::memory_order_relaxed) || there.scheduler().is_aborting()) return RemoteCall::End::cancelled;
  return call.deadline_ < there.now() ? RemoteCall::End::expired : RemoteCall::End::none;
}

void CallPort::serve(RemoteCall& call) {
  call.there_ = this;
  if (call.runs_task_) {
    ++serving_;
    call.is_served_ = true;
    call.task_context_ = {
        .home = &core_.scheduler(), .scope = &call.scope_, .deadline = call.deadline_, .priority = call.priority_};
    call.begin_.set_priority(call.priority_);
    core_.ready().push(call.begin_);
  } else {
    begin(call);
  }
}

void RemoteCall::begin() { there_->begin(*this); }

void CallPort::begin(RemoteCall& call) {
  const RemoteCall::End reason = reason_not_to_begin(call, core_);
  if (reason != RemoteCall::End::none) {
    end(call, reason);
    return;
  }
  counters_.served.add();
  if (call.serve(core_)) end(call, RemoteCall::End::answered);
}

// The last that this core does with the call, but for a cancel letter.
void CallPort::end(RemoteCall& call, RemoteCall::End end) noexcept {
  if (std::exchange(call.is_served_, false)) --serving_;
  call.end_ = end;
  call.letter_.address<&CallPort::on_answer>(call.home_, &call);
  send(call.letter_);
}

// It may have ended meanwhile: the letter is sent back all the same, and keeps the call alive until then.
void CallPort::on_cancel(Core& there, RemoteCall& call) {
  if (call.is_served_) call.scope_.cancel();
  call.cancel_letter_.address<&CallPort::on_cancel_returned>(call.home_, &call);
  there.calls().send(call.cancel_letter_);
}

void CallPort::register_metrics(metrics::Registry& registry) const {
  registry.add("calls_started", counters_.started, "Calls made on other cores");
  registry.add("calls_answered", counters_.answered, "Calls whose answer came back");
  registry.add("calls_expired", counters_.expired, "Calls whose deadline passed before they began");
  registry.add("calls_cancelled", counters_.cancelled, "Calls that nobody waited for any more");
  registry.add("calls_unreachable", counters_.unreachable, "Calls on cores that had stopped");
  registry.add("calls_delayed", counters_.delayed, "Letters of calls that waited for room in a mailbox");
  registry.add("calls_served", counters_.served, "Calls of other cores that were begun here");
  registry.add("calls_outstanding", counters_.outstanding, "Calls under way");
  registry.add("calls_answered_ns", counters_.answered_ns, "Time from a call to its answer");
}

}  // namespace corering::runtime
