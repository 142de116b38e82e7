// CallPort: a core's door for calls: those it makes on other cores leave and come back here, and those of others are served here.
//
// A plain function is run as a message is, in the mailbox phase; a coroutine is begun in the ready phase with the priority of whoever
// asked. Either way not if the deadline of the asker has passed, or the asker is gone. When the mailbox is full the call waits in the
// asking core (Outbox), its asker with it.
//
// Drain. A core does not leave while calls are out or are served here, so a call always finds its answer's receiver. What is called on
// a core that has left (a task that outlives the drain might) ends as unreachable, whether it had been sent already or not.
//
// Thread: owning core only. Lifetime: part of its core. Cost: no lock, no allocation; letters as messages.
#pragma once

#include "corering/base/intrusive.h"
#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"
#include "corering/metrics/registry.h"
#include "corering/runtime/remote_call.h"
#include "corering/sched/context.h"

namespace corering::runtime {

struct CallCounters {
  metrics::Counter started;
  metrics::Counter answered;
  metrics::Counter expired;      // not begun: the deadline had passed
  metrics::Counter cancelled;    // nobody waited any more, or the other core was told to abort
  metrics::Counter unreachable;  // the other core had stopped
  metrics::Counter delayed;      // waited for room in the mailbox
  metrics::Counter served;       // for other cores
  metrics::Gauge outstanding;
  metrics::Histogram answered_ns;  // from the start to the answer, by the clock of the turns
};

class CallPort {
 public:
  explicit CallPort(Core& core) noexcept : core_(core) {}
  CallPort(const CallPort&) = delete;
  CallPort& operator=(const CallPort&) = delete;
  ~CallPort();

  enum class Kind : std::uint8_t { function, task };

  // Sends the call to core `to`; the asker hears of it in a later turn. `context`: of the task that asks.
  void start(RemoteCall& call, Kind kind, CoreId to, CallAsker& asker, const sched::TaskContext& context) noexcept;

  // The asker does not want to hear of the call any more: what has not begun never will, what has is cancelled, what it returns is
  // thrown away.
  void forget(RemoteCall& call) noexcept;

  // Answers for cores that have left. Called by the loop once per turn, after it has taken its messages.
  void give_up_on_the_departed();

  // Nothing of this core's is out, and nothing of others is served here.
  bool is_idle() const noexcept { return outstanding_.empty() && serving_ == 0; }

  // For calls, when what they have begun here has ended.
  void end(RemoteCall& call, RemoteCall::End end) noexcept;

  Core& core() noexcept { return core_; }
  const CallCounters& counters() const noexcept { return counters_; }
  void register_metrics(metrics::Registry& registry) const;

 private:
  friend class RemoteCall;

  // Letters arrive.
  static void on_call(Core& there, RemoteCall& call);
  static void on_answer(Core& home, RemoteCall& call);
  static void on_cancel(Core& there, RemoteCall& call);
  static void on_cancel_returned(Core& home, RemoteCall& call);

  void send(Letter& letter) noexcept;
  void serve(RemoteCall& call);
  void begin(RemoteCall& call);
  void tell(RemoteCall& call);
  void count_end(const RemoteCall& call) noexcept;
  void release_if_home(RemoteCall& call) noexcept;
  void recall(RemoteCall& call);
  static RemoteCall::End reason_not_to_begin(const RemoteCall& call, Core& there) noexcept;

  Core& core_;
  std::size_t serving_ = 0;  // tasks of calls of others, here
  base::List<RemoteCall, RemoteCallTag> outstanding_;
  CallCounters counters_;
};

}  // namespace corering::runtime
