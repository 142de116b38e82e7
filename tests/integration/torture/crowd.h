// All clients of one torture run, driven by one epoll loop.
//
// It owns the clock too. A client machine that was suspended, or starved for a second, must not accuse the server of a
// stall, so the crowd's time advances by at most kTurnUsMax per turn of the loop.
//
// Thread: the one that calls run().
#pragma once

#include <cstdint>
#include <deque>
#include <queue>
#include <utility>
#include <vector>

#include "torture/peer.h"

namespace corering::torture {

constexpr std::uint64_t kProgressUs = 5 * kSecondUs;

class Crowd {
 public:
  struct Options {
    std::uint32_t connections = 0;
    std::uint64_t seconds = 0;
  };

  Crowd(Shared& shared, const Options& options);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Plays for the given time, prints progress, lets every peer finish its round and leave. The result is in the report.
  void run();

 private:
  struct Slot {
    Peer peer;
    std::uint32_t life = 0;  // of the connection that epoll knows
    std::uint32_t interest = 0;
    std::uint64_t wake_us = Peer::kNever;
    bool counted = true;  // among the living
  };
  using Wake = std::pair<std::uint64_t, std::uint32_t>;  // time, slot; outdated ones are skipped when they come up

  void turn();
  void wait_for_events();
  void fire_wakes();
  void tick();
  void begin_to_wind_down();
  void step(std::uint32_t index, std::uint32_t events);
  void sync(std::uint32_t index);
  void advance_clock();

  Shared& shared_;
  const Options options_;
  const int epoll_fd_;
  std::deque<Slot> slots_;
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes_;
  std::uint32_t living_count_ = 0;
  std::uint64_t now_us_ = 0;
  std::uint64_t steady_us_ = 0;
  std::uint64_t next_tick_us_ = 0;
  std::uint64_t next_progress_us_ = kProgressUs;
};

}  // namespace corering::torture
