// Report: everything that a run has found out, and its two forms: a table for people, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "corering/metrics/histogram.h"
#include "load/measures.h"
#include "load/options.h"
#include "load/targets.h"

namespace load {

// Of this process, or of the server's, within the window.
struct Usage {
  double user_seconds = 0;
  double system_seconds = 0;
  double run_seconds = 0;  // both, by the scheduler's finer clock; 0 if unknown
  std::uint64_t resident_bytes = 0;

  double cpu_seconds() const noexcept { return run_seconds > 0 ? run_seconds : user_seconds + system_seconds; }
};

struct Report {
  const Options* options = nullptr;
  double window_seconds = 0;
  corering::metrics::Distribution latency;  // of gets, sets and echoes together, as the next two
  corering::metrics::Distribution get_latency;
  corering::metrics::Distribution set_latency;
  corering::metrics::Distribution connect_latency;
  std::uint64_t peak_requests_per_second = 0;
  std::uint64_t window_replies = 0;  // that arrived within the window, whenever sent: what the CPU time belongs to
  std::uint64_t window_sent_bytes = 0;
  std::uint64_t window_received_bytes = 0;
  std::uint64_t window_connects = 0;
  std::uint64_t misses = 0;
  std::uint64_t error_replies = 0;
  std::uint64_t wrong_values = 0;
  std::uint64_t malformed = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t lost = 0;
  std::uint64_t unsent = 0;
  std::uint64_t connects = 0;
  std::uint64_t connect_failures = 0;
  std::uint64_t connections_lost = 0;
  Usage own;
  Usage server;                     // all zero without --server_pid
  std::uint64_t disk_bytes = 0;     // read and written by this process
  std::uint64_t network_bytes = 0;  // received and sent by the machine, all interfaces
  std::vector<TargetResult> targets;

  double per_second(std::uint64_t count) const noexcept {
    return window_seconds > 0 ? static_cast<double>(count) / window_seconds : 0;
  }
  double requests_per_second() const noexcept { return per_second(latency.count()); }
  std::uint64_t failures() const noexcept { return error_replies + wrong_values + malformed + timed_out + lost + unsent; }
  double error_rate() const noexcept;
  double rate_of(std::uint64_t failures) const noexcept;
  double latency_us(double percent) const noexcept { return static_cast<double>(latency.percentile(percent)) / 1e3; }
  double us_per_request(double cpu_seconds) const noexcept;

  // The server answered with other bytes than it had to.
  bool is_corrupt() const noexcept { return wrong_values + malformed != 0; }
};

std::string to_table(const Report& report);
std::string to_json(const Report& report);

}  // namespace load
