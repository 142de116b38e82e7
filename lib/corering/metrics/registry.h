// Registry: which metrics exist, under which names and labels, and their values over all cores.
//
// Each core registers its own counters under the same names, told apart by a label; a snapshot adds them up, collect keeps them
// apart. Reading costs the cores nothing.
//
// Names are written short, in the code's own words, with the unit last: "received_bytes", "busy_ns". The exposition (prometheus.h)
// makes corering_received_bytes_total and corering_busy_seconds_total of them.
//
// Thread: any (a mutex guards registration and reading; the metrics themselves are never locked).
// Lifetime: the registry refers to the metrics; whoever registered them keeps them alive until it is last read.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "corering/metrics/counter.h"
#include "corering/metrics/histogram.h"

namespace corering::metrics {

struct Sample {
  std::string name;
  std::uint64_t value = 0;  // sum over cores
};

// Counters and gauges, in the order in which names were first registered.
using Snapshot = std::vector<Sample>;

// What tells series of one name apart, e.g. {"core", "3"}. Few values each: every combination is a series for ever.
struct Label {
  std::string name;
  std::string value;

  friend bool operator==(const Label&, const Label&) = default;
};
using Labels = std::vector<Label>;

struct Description {
  std::string name;
  std::string help;  // one sentence for operators, without the full stop; what is first registered for a name counts
  Labels labels;
};

enum class Kind : std::uint8_t { counter, gauge, histogram };

std::string_view name_of(Kind kind);  // as Prometheus calls it: "counter"

// The values of a name with one set of labels.
struct Series {
  Labels labels;
  std::uint64_t value = 0;    // of counters and gauges
  Distribution distribution;  // of histograms
};

// All series of a name.
struct Family {
  std::string name;
  Kind kind = Kind::counter;
  std::string help;
  std::vector<Series> series;
};

class Registry {
 public:
  Registry() = default;

  // A registry whose metrics get `labels` in front of their own and live in `parent`, which outlives it: what a core is given.
  Registry(Registry& parent, Labels labels) : parent_(&parent), labels_(std::move(labels)) {}

  // Metrics of one name and the same labels are added up. Requires: a name is always of one kind.
  void add(Description description, const Counter& counter);
  void add(Description description, const Gauge& gauge);
  void add(Description description, const Histogram& histogram);

  // The same without labels of their own.
  void add(std::string_view name, const Counter& counter, std::string_view help = {}) { add(described(name, help), counter); }
  void add(std::string_view name, const Gauge& gauge, std::string_view help = {}) { add(described(name, help), gauge); }
  void add(std::string_view name, const Histogram& histogram, std::string_view help = {}) { add(described(name, help), histogram); }

  // Sums over all labels. Histograms are left out: see collect.
  Snapshot snapshot() const;

  // Everything, in the order in which names and labels were first registered.
  std::vector<Family> collect() const;

 private:
  struct Source {
    Labels labels;
    std::vector<const Counter*> counters;
    std::vector<const Gauge*> gauges;
    std::vector<const Histogram*> histograms;

    std::uint64_t value() const noexcept;
  };
  struct Sources {
    std::string name;
    Kind kind;
    std::string help;
    std::vector<Source> all;
  };

  static Description described(std::string_view name, std::string_view help) { return {std::string(name), std::string(help), {}}; }
  const Registry& root() const noexcept { return parent_ == nullptr ? *this : parent_->root(); }
  template <typename Metric>
  void insert(Description description, Kind kind, std::vector<const Metric*> Source::* list, const Metric& metric);
  Source& source(Description description, Kind kind);

  Registry* parent_ = nullptr;
  Labels labels_;
  mutable std::mutex mutex_;
  std::vector<Sources> all_;
};

// "accepted=12 closed=12": one line for logs and tests.
std::string to_line(const Snapshot& snapshot);

// The value of a name. Requires: somebody registered it; a misspelt name would be 0 for ever.
std::uint64_t value_of(const Snapshot& snapshot, std::string_view name);

}  // namespace corering::metrics
