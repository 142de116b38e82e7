// Thread: a thread of the operating system whose creation may fail.
//
// std::thread throws when the process may not have another thread (ulimit -u, cgroup pids.max); here that is an Error.
//
// Thread: one owner. Lifetime: joined by its destructor.
#pragma once

#include <pthread.h>

#include <functional>

#include "corering/base/result.h"

namespace corering::sys {

class Thread {
 public:
  // Runs `body` on a new thread. Errors: limit_too_low if no more threads are allowed, system.
  static base::Result<Thread> start(std::function<void()> body);

  Thread() = default;
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }

  // Waits for its end. Does nothing without a running thread.
  void join() noexcept;

 private:
  explicit Thread(pthread_t id) noexcept : id_(id), joinable_(true) {}

  pthread_t id_{};
  bool joinable_ = false;
};

}  // namespace corering::sys
