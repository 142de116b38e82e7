// A port whose core is the test itself: it sleeps until a blocking thread wakes it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <semaphore>

#include "corering/sched/offload.h"
#include "corering/sched/offload_pool.h"
#include "corering/sched/offload_port.h"
#include "test_core.h"

namespace sched_test {

namespace base = corering::base;
namespace sched = corering::sched;

// Blocks whoever comes until it is opened.
class Door {
 public:
  void pass() {
    inside_.fetch_add(1);
    open_.acquire();
    open_.release();
  }
  void open() { open_.release(); }
  void wait_for(int inside) const {
    while (inside_.load() < inside) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  std::atomic<int> inside_{0};
  std::counting_semaphore<> open_{0};
};

class PortOnAThread {
 public:
  explicit PortOnAThread(const sched::OffloadPoolOptions& options = {}) : pool(options) {}
  ~PortOnAThread() {
    port.abandon();
    pool.stop(std::chrono::seconds(10));
  }

  // Lives as a core does until the condition holds; false after 20 seconds.
  bool live_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (!port.has_results()) static_cast<void>(woken_.try_acquire_for(std::chrono::milliseconds(100)));
      port.take_results();
      core->turn_until_quiet();
    }
    return true;
  }

  // Starts a coroutine as a task of this core.
  sched::JoinHandle<> spawn(sched::Task<> task) {
    auto handle = (*core)->spawn(std::move(task));
    core->turn_until_quiet();
    return handle;
  }

  test_core::SingleCore single;
  test_core::ManualCore* const core = &single.core;
  sched::OffloadPool pool;
  sched::OffloadPort port{&pool, [](void* self) { static_cast<PortOnAThread*>(self)->woken_.release(); }, this};

 private:
  std::counting_semaphore<> woken_{0};
};

}  // namespace sched_test
