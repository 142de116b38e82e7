// LatencyLog: when things took longer than latency-monitor-threshold on a core: for each kind of event the last times, and the worst.
//
// Thread: its core's; other cores read it as a guest (Tour). Cost: nothing below the threshold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace kv {

struct LatencySample {
  std::int64_t at_s = 0;  // since 1970
  std::int64_t took_ms = 0;
};

struct LatencyEvent {
  std::deque<LatencySample> samples;  // oldest first, one per second: the worst of it
  std::int64_t took_ms_max = 0;       // of all times
};

class LatencyLog {
 public:
  static constexpr std::size_t kSamplesMax = 160;

  // "command", "fast-command", "expire-cycle".
  void note(std::string_view event, std::int64_t at_s, std::int64_t took_ms) {
    auto found = events_.find(event);
    if (found == events_.end()) found = events_.emplace(std::string(event), LatencyEvent()).first;
    add(found->second, {at_s, took_ms});
  }

  static void add(LatencyEvent& event, LatencySample sample) {
    event.took_ms_max = std::max(event.took_ms_max, sample.took_ms);
    if (!event.samples.empty() && event.samples.back().at_s == sample.at_s) {
      event.samples.back().took_ms = std::max(event.samples.back().took_ms, sample.took_ms);
      return;
    }
    event.samples.push_back(sample);
    if (event.samples.size() > kSamplesMax) event.samples.pop_front();
  }

  const std::map<std::string, LatencyEvent, std::less<>>& events() const noexcept { return events_; }
  bool forget(std::string_view event) {
    const auto found = events_.find(event);
    if (found == events_.end()) return false;
    events_.erase(found);
    return true;
  }
  void clear() noexcept { events_.clear(); }

 private:
  std::map<std::string, LatencyEvent, std::less<>> events_;
};

}  // namespace kv
