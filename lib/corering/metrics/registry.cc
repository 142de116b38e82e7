#include "corering/metrics/registry.h"

#include <algorithm>

#include "corering/base/assert.h"

namespace corering::metrics {

void Registry::add(std::string_view name, const Counter& counter) {
  const std::lock_guard lock(mutex_);
  series(name).counters.push_back(&counter);
}

void Registry::add(std::string_view name, const Gauge& gauge) {
  const std::lock_guard lock(mutex_);
  series(name).gauges.push_back(&gauge);
}

Snapshot Registry::snapshot() const {
  const std::lock_guard lock(mutex_);
  Snapshot snapshot;
  snapshot.reserve(all_.size());
  for (const Series& series : all_) {
    std::uint64_t sum = 0;
    for (const Counter* counter : series.counters) sum += counter->value();
    for (const Gauge* gauge : series.gauges) sum += gauge->value();
    snapshot.push_back({series.name, sum});
  }
  return snapshot;
}

Registry::Series& Registry::series(std::string_view name) {
  const auto found = std::ranges::find(all_, name, &Series::name);
  if (found != all_.end()) return *found;
  return all_.emplace_back(Series{std::string(name), {}, {}});
}

std::string to_line(const Snapshot& snapshot) {
  std::string line;
  for (const Sample& sample : snapshot) {
    if (!line.empty()) line += ' ';
    line += sample.name + '=' + std::to_string(sample.value);
  }
  return line;
}

std::uint64_t value_of(const Snapshot& snapshot, std::string_view name) {
  const auto found = std::ranges::find(snapshot, name, &Sample::name);
  CORERING_ASSERT(found != snapshot.end(), "a metric is asked for that nobody registered");
  return found->value;
}

}  // namespace corering::metrics
