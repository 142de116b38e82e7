// Ring: one io_uring instance of one core.
//
// Prepare operations with require_sqe and operations.h, let the turn's single enter carry them to the kernel, reap, dispatch. The
// Ring knows nothing of sockets or of what the operations mean; it keeps the promises that hold for all of them: no submission is
// lost when the queue is full, no link chain is split, no completion is acted on before all are copied out, and every completion
// finds its owner.
//
//   auto& sqe = ring.require_sqe(receive_);          // receive_ is in flight from here
//   prepare_receive_multishot(sqe, socket, group);
//   ring.enter({.wait_count = 1});
//   for (const Cqe& cqe : ring.reap()) ring.dispatch(cqe);
//
// Thread: opened by any, enabled and used by one. Lifetime: the back end outlives the ring.
// Cost: enter is one system call; everything else none, but for require_sqe when the queue is full.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "corering/base/result.h"
#include "corering/metrics/counter.h"
#include "corering/ring/backend.h"
#include "corering/ring/completion.h"
#include "corering/ring/completion_queue.h"
#include "corering/ring/features.h"
#include "corering/ring/submission_queue.h"

namespace corering::ring {

struct RingCounters {
  metrics::Counter enters;        // one per turn
  metrics::Counter extra_enters;  // because the submission queue was full
  metrics::Counter submitted;
  metrics::Counter completed;
  metrics::Counter overflows;  // turns that found the completion queue overflowed
};

class Ring {
 public:
  // Errors: as Backend::open; unsupported if a required feature is missing.
  static base::Result<Ring> open(Backend& backend, const SetupOptions& options);

  Ring(Ring&&) = default;

  // Makes the calling thread the owner. Call once, before anything below.
  base::Result<> enable() { return backend_->enable(); }

  // An entry whose result goes to `completion`, which is in flight from now on. Submits early if the queue is full.
  Sqe& require_sqe(Completion& completion);

  // An entry in whose result nobody is interested.
  Sqe& require_sqe();

  // An entry whose results, if it reports any, go to an adopted completion. For operations that report failures only
  // (IOSQE_CQE_SKIP_SUCCESS), of which any number may be under way.
  Sqe& require_sqe_for_adopted(Completion& completion);

  // Makes room so that the next `count` entries go to the kernel together: call before preparing a link chain.
  // Requires: count <= submission_capacity().
  void require_chain(std::uint32_t count);

  // Submits what is prepared, waits as asked and collects completions. Running into the time-out or a signal is no error.
  // wait.submit_count is filled in here.
  void enter(EnterRequest wait);

  // The next completions, oldest first; empty if there are none. Valid until the next reap.
  std::span<const Cqe> reap();

  // Hands a result to the owner of its completion. The owner may submit, and may be gone afterwards if the result was terminal.
  void dispatch(const Cqe& cqe);

  // Hands out a whole batch. With hundreds of connections their owners are not in the cache, so the next ones are fetched while
  // one is served.
  void dispatch(std::span<const Cqe> batch);

  // Something is reaped or reapable already: an enter must not wait.
  bool has_completions() const noexcept { return completions_.ready() != 0 || !early_.empty(); }

  // The same, or an enter would find something. Cost: two loads of shared memory.
  bool has_news() const noexcept { return has_completions() || submissions_.has_task_work(); }

  // Operations whose terminal completion is outstanding.
  std::uint32_t in_flight() const noexcept { return in_flight_; }

  // Lets `completion` receive any number of results until retire: what other rings send it by message_ring, or what operations of
  // require_sqe_for_adopted report. Requires: by then none will come any more.
  void adopt(Completion& completion) noexcept;
  void retire(Completion& completion) noexcept;

  // Forgets an operation that is in flight: its result will not be reaped any more. For the end of a ring's life only.
  void abandon(Completion& completion) noexcept;

  Backend& backend() noexcept { return *backend_; }
  const FeatureSet& features() const noexcept { return features_; }
  std::uint32_t setup_flags() const noexcept { return opened_.setup_flags; }
  std::uint32_t submission_capacity() const noexcept { return submissions_.capacity(); }
  int fd() const noexcept { return opened_.fd; }
  const RingCounters& counters() const noexcept { return *counters_; }

 private:
  Ring(Backend& backend, const OpenedRing& opened, const FeatureSet& features);
  int call_enter(EnterRequest request);
  void submit_early();

  Backend* backend_;
  OpenedRing opened_;
  FeatureSet features_;
  SubmissionQueue submissions_;
  CompletionQueue completions_;
  std::vector<Cqe> batch_;  // what reap returns
  std::vector<Cqe> early_;  // copied out to let a full submission queue drain
  std::uint32_t in_flight_ = 0;
  std::unique_ptr<RingCounters> counters_ = std::make_unique<RingCounters>();
};

}  // namespace corering::ring
