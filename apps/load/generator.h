// Generator: one core's share of the load: its connections, and when they send.
//
// Closed loop: each connection keeps `pipeline` requests outstanding; a reply makes room for the next request. Open loop: requests
// have times, at a fixed rate, whatever the server does. One that finds no room waits, and its latency counts from the time at which
// it was to be sent; a server that stalls is measured by all requests that it kept waiting, not only by the few that it had taken.
//
// Thread: owning core only; measures: any. Source: Gil Tene, How NOT to Measure Latency (coordinated omission).
#pragma once

#include <linux/time_types.h>

#include <deque>
#include <vector>

#include "corering/runtime/core.h"
#include "corering/runtime/service.h"
#include "load/client.h"
#include "load/keys.h"
#include "load/measures.h"
#include "load/schedule.h"

namespace load {

// A core's part of the whole.
struct Share {
  std::uint32_t connections = 0;
  std::uint64_t requests = 0;    // at most; 0: no limit
  std::uint64_t keys_begin = 0;  // to fill
  std::uint64_t keys_end = 0;
  corering::base::Duration interval = corering::base::Duration::zero();  // between two requests of an open loop
  corering::base::Duration offset = corering::base::Duration::zero();    // of the first
};

class Generator final : public corering::runtime::Service {
 public:
  Generator(corering::runtime::Core& core, const Options& options, const Dataset& dataset, const Share& share, Schedule& schedule,
            Measures& measures);
  ~Generator() override;

  void start() override;
  void drain() override;
  void abort() override { drain(); }
  bool is_idle() const override;

  // From the clients.
  Measures& measures() noexcept { return measures_; }
  void on_open(Client& client);
  void on_not_open(Client& client, std::size_t lost_requests);
  void on_closed(Client& client);
  void on_connect_failed(int error);
  void on_reply(Client& client, const Request& request, Verdict verdict);
  void on_timed_out(std::size_t requests);

 private:
  enum class Phase : std::uint8_t { connecting, filling, waiting, running, finishing, done };

  void on_tick();
  void advance();
  void begin_filling();
  void fill(Client& client);
  void refill(Client& client);
  void begin_running();
  void pump();
  void spin();
  void arm_pump();
  void on_pump_due(corering::ring::IoResult);
  void abandon_backlog();
  void count(Verdict verdict) noexcept;
  bool has_issued_all() const noexcept;
  void send(Client& client, const Request& request);
  void give_room(Client& client);
  void take_room(Client& client);
  Request next_request(std::int64_t start_ns);
  bool is_in_window(const Request& request) const noexcept;

  corering::runtime::Core& core_;
  const Options& options_;
  const Dataset& dataset_;
  const Share share_;
  Schedule& schedule_;
  Measures& measures_;
  KeyChooser keys_;
  Random random_;
  std::deque<Client> clients_;      // immovable: the kernel points into them
  std::vector<Client*> with_room_;  // of an open loop
  std::size_t next_with_room_ = 0;  // they take turns
  std::vector<Client*> to_reconnect_;
  Phase phase_ = Phase::connecting;
  bool draining_ = false;
  std::size_t open_ = 0;              // connections
  std::size_t outstanding_ = 0;       // requests
  std::uint64_t next_key_ = 0;        // to fill
  std::uint64_t issued_ = 0;          // in the window
  std::int64_t next_start_ns_ = 0;    // of an open loop
  corering::base::Instant deadline_;  // of the phase
  __kernel_timespec pump_time_{};
  corering::sched::Timer tick_ = corering::sched::Timer::to<&Generator::on_tick>(this);
  corering::sched::Runnable spin_ = corering::sched::Runnable::to<&Generator::spin>(this);
  corering::ring::Completion pump_due_ = corering::ring::Completion::to<&Generator::on_pump_due>(this);
  corering::ring::Completion pump_cancel_ = corering::ring::Completion::to<&Generator::on_pump_due>(this);
};

}  // namespace load
