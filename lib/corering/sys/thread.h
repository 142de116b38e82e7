// Thread: a thread of the operating system whose creation may fail.
//
// std::thread throws when the process may not have another thread (ulimit -u, cgroup pids.max); here that is an Error.
//
// Thread: one owner. Lifetime: joined by its destructor.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>

#include "corering/base/result.h"

namespace corering::sys {

struct ThreadOptions {
  std::size_t stack_bytes = 0;  // rounded up to whole pages, at least what the system requires; 0: what the process is given
};

class Thread {
 public:
  // Runs `body` on a new thread. Errors: limit_too_low if no more threads are allowed, system.
  static base::Result<Thread> start(std::function<void()> body, const ThreadOptions& options = {});

  Thread() = default;
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }

  // Waits for its end. Does nothing without a running thread.
  void join() noexcept;

  // Leaves it to itself: nobody waits for it any more. Does nothing without a running thread.
  void detach() noexcept;

 private:
  explicit Thread(pthread_t id) noexcept : id_(id), joinable_(true) {}

  pthread_t id_{};
  bool joinable_ = false;
};

}  // namespace corering::sys
