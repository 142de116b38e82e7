// RemoteCall: one call on its way from the core that asks to the core that answers, and back.
//
// What CallPorts pass between them; call_on (call_on.h) is what programs use. A call lives in memory of its own, not in its asker's,
// because the other core may be inside when nobody waits any more. It is made and destroyed on the asking core, and belongs to
// whichever core it is on; the only things both may look at are whether it is unwanted and, before it leaves, who asked.
//
//   asking core                       answering core
//   start ── call letter ──────────▶  serve: runs, or begins a task
//   cancel ── cancel letter ───────▶  the task's waits end
//                        ◀── the same letters, back: the call is destroyed when none is out
//
// Thread: as said at each part. Lifetime: its CallPort's. Cost: one block of the FramePool.
#pragma once

#include <atomic>
#include <cstdint>

#include "corering/base/clock.h"
#include "corering/base/intrusive.h"
#include "corering/runtime/outbox.h"
#include "corering/sched/cancel_scope.h"
#include "corering/sched/context.h"
#include "corering/sched/outcome.h"
#include "corering/sched/ready_queue.h"

namespace corering::runtime {

class CallPort;
class RemoteCall;
struct RemoteCallTag;

// Whoever waits for a call. Told at most once, and not after CallPort::forget.
class CallAsker {
 public:
  // The call has an end; if it has a value, it is taken out now: afterwards the call is gone.
  virtual void on_answer(RemoteCall& call) = 0;

 protected:
  ~CallAsker() = default;
};

class RemoteCall : public base::ListHook<RemoteCallTag> {
 public:
  enum class End : std::uint8_t { none, answered, cancelled, expired, unreachable };

  RemoteCall(const RemoteCall&) = delete;
  RemoteCall& operator=(const RemoteCall&) = delete;
  virtual ~RemoteCall() = default;

  // Ends the call's life and frees its memory.
  virtual void destroy() noexcept = 0;

  End end() const noexcept { return end_; }

 protected:
  RemoteCall() = default;

  // On the answering core: does what was asked. True: it is done. False: a task has begun that calls CallPort::end when it has ended.
  virtual bool serve(Core& there) = 0;

  // On the answering core: what a task of the call runs in. Its priority and its deadline are the asker's, and so is the say over
  // its end: it is in no scope of the core's.
  const sched::TaskContext& task_context() const noexcept { return task_context_; }

 private:
  friend class CallPort;

  void begin();

  // Of both.
  std::atomic<bool> is_unwanted_{false};

  // Of the asking core, before and after.
  CallAsker* asker_ = nullptr;
  CoreId home_{};
  CoreId to_{};
  base::Instant started_;
  base::Instant deadline_;
  sched::Priority priority_ = sched::Priority::normal;
  bool runs_task_ = false;
  bool is_out_ = false;         // the call letter
  bool is_cancel_out_ = false;  // the cancel letter
  Letter letter_;
  Letter cancel_letter_;

  // Of the answering core, meanwhile.
  CallPort* there_ = nullptr;
  bool is_served_ = false;  // a task has begun
  End end_ = End::none;
  sched::CancelScope scope_;
  sched::TaskContext task_context_;
  sched::Runnable begin_ = sched::Runnable::to<&RemoteCall::begin>(this);
};

}  // namespace corering::runtime
