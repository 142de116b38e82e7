// OffloadJob: one blocking call on its way from a core to a thread of the pool and back.
//
// What OffloadPort and OffloadPool pass between them; Offload<T> (offload.h) is what programs use. A job lives in memory of its own,
// not in its asker's, because a thread may still be inside the call when nobody waits for it any more.
//
// Thread: work on a blocking thread, everything else on the asking core, but for the state. Lifetime: the port's, from start to
// destroy; the abandoned thread's if the pool was stopped while it ran.
#pragma once

#include <atomic>
#include <cstdint>

#include "corering/base/clock.h"
#include "corering/base/intrusive.h"

namespace corering::sched {

class OffloadPort;
struct OffloadTag;

// Whoever waits for a job. Told at most once; after that, or after OffloadPort::forget, the job knows nothing of it.
class OffloadJob;
class OffloadAsker {
 public:
  // `job` has been called; the asker takes its value out.
  virtual void on_offloaded(OffloadJob& job) = 0;

  // The core gives up: the call may still run, or never.
  virtual void on_abandoned() = 0;

 protected:
  ~OffloadAsker() = default;
};

class OffloadJob : public base::ListHook<OffloadTag> {
 public:
  virtual ~OffloadJob() = default;

  // The blocking call itself.
  virtual void work() = 0;

  // Ends the job's life and frees its memory.
  virtual void destroy() noexcept = 0;

 private:
  friend class OffloadPool;
  friend class OffloadPort;

  enum class State : std::uint8_t {
    waiting,    // in the queue
    running,    // on a thread
    returning,  // that thread brings it back to the port
    orphaned,   // the pool was stopped meanwhile: that thread destroys it
  };

  std::atomic<State> state_{State::waiting};
  OffloadPort* home_ = nullptr;
  OffloadAsker* asker_ = nullptr;
  OffloadJob* next_ = nullptr;  // in the stack of those that return
  base::Instant started_;
  base::Instant begun_;
  base::Instant ended_;
};

}  // namespace corering::sched
