// Schedule: when the run begins and ends, agreed between the cores and the main thread.
//
//   every core is connected (and has filled its keys) -> begin -> warm-up -> window -> every core has its last reply
//
// Thread: any.
#pragma once

#include <atomic>
#include <cstdint>

#include "corering/base/clock.h"

namespace load {

class Schedule {
 public:
  // By each core, once each.
  void core_is_ready() noexcept { ready_.fetch_add(1, std::memory_order_acq_rel); }
  void core_is_done() noexcept { done_.fetch_add(1, std::memory_order_acq_rel); }

  // The errno of the last connect that failed, 0 if none has.
  void note_connect_error(int error) noexcept { connect_error_.store(error, std::memory_order_relaxed); }
  int connect_error() const noexcept { return connect_error_.load(std::memory_order_relaxed); }

  std::uint32_t ready_cores() const noexcept { return ready_.load(std::memory_order_acquire); }
  std::uint32_t done_cores() const noexcept { return done_.load(std::memory_order_acquire); }

  // By the main thread.
  void begin(corering::base::Instant at, corering::base::Duration warmup, corering::base::Duration duration) noexcept {
    window_begin_.store((at + warmup).ns, std::memory_order_relaxed);
    window_end_.store((at + warmup + duration).ns, std::memory_order_relaxed);
    begin_.store(at.ns, std::memory_order_release);
  }
  void end_now(corering::base::Instant now) noexcept { window_end_.store(now.ns, std::memory_order_release); }

  // Instant::never() before it is known.
  corering::base::Instant begin() const noexcept { return {begin_.load(std::memory_order_acquire)}; }
  corering::base::Instant window_begin() const noexcept { return {window_begin_.load(std::memory_order_relaxed)}; }
  corering::base::Instant window_end() const noexcept { return {window_end_.load(std::memory_order_relaxed)}; }

 private:
  std::atomic<std::uint32_t> ready_{0};
  std::atomic<std::uint32_t> done_{0};
  std::atomic<int> connect_error_{0};
  std::atomic<std::int64_t> begin_{INT64_MAX};
  std::atomic<std::int64_t> window_begin_{INT64_MAX};
  std::atomic<std::int64_t> window_end_{INT64_MAX};
};

}  // namespace load
