#include "corering/metrics/registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "corering/base/assert.h"

namespace corering::metrics {

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::counter: return "counter";
    case Kind::gauge: return "gauge";
    default: return "histogram";
  }
}

void Registry::add(Description description, const Counter& counter) {
  insert(std::move(description), Kind::counter, &Source::counters, counter);
}

void Registry::add(Description description, const Gauge& gauge) {
  insert(std::move(description), Kind::gauge, &Source::gauges, gauge);
}

void Registry::add(Description description, const Histogram& histogram) {
  insert(std::move(description), Kind::histogram, &Source::histograms, histogram);
}

template <typename Metric>
void Registry::insert(Description description, Kind kind, std::vector<const Metric*> Source::* list, const Metric& metric) {
  description.labels.insert(description.labels.begin(), labels_.begin(), labels_.end());
  if (parent_ != nullptr) {
    parent_->insert(std::move(description), kind, list, metric);
    return;
  }
  const std::lock_guard lock(mutex_);
  (source(std::move(description), kind).*list).push_back(&metric);
}

Registry::Source& Registry::source(Description description, Kind kind) {
  auto found = std::ranges::find(all_, description.name, &Sources::name);
  if (found == all_.end()) {
    all_.push_back({std::move(description.name), kind, std::move(description.help), {}});
    found = std::prev(all_.end());
  }
  CORERING_ASSERT(found->kind == kind, "a metric is registered again as another kind");
  const auto same = std::ranges::find(found->all, description.labels, &Source::labels);
  if (same != found->all.end()) return *same;
  return found->all.emplace_back(Source{std::move(description.labels), {}, {}, {}});
}

std::uint64_t Registry::Source::value() const noexcept {
  std::uint64_t sum = 0;
  for (const Counter* counter : counters) sum += counter->value();
  for (const Gauge* gauge : gauges) sum += gauge->value();
  return sum;
}

Snapshot Registry::snapshot() const {
  const Registry& top = root();
  const std::lock_guard lock(top.mutex_);
  Snapshot snapshot;
  snapshot.reserve(top.all_.size());
  for (const Sources& sources : top.all_) {
    if (sources.kind == Kind::histogram) continue;
    std::uint64_t sum = 0;
    for (const Source& source : sources.all) sum += source.value();
    snapshot.push_back({sources.name, sum});
  }
  return snapshot;
}

std::vector<Family> Registry::collect() const {
  const Registry& top = root();
  const std::lock_guard lock(top.mutex_);
  std::vector<Family> families;
  families.reserve(top.all_.size());
  for (const Sources& sources : top.all_) {
    Family& family = families.emplace_back(Family{sources.name, sources.kind, sources.help, {}});
    for (const Source& source : sources.all) {
      Series& series = family.series.emplace_back(Series{source.labels, source.value(), {}});
      for (const Histogram* histogram : source.histograms) series.distribution.add(*histogram);
    }
  }
  return families;
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
