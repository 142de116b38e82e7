// Registry: which counters exist, under which names, and their sums over all cores.
//
// Each core registers its own counters under the same names; a snapshot adds them up. Reading costs the cores nothing.
// Thread: any (a mutex guards registration and snapshots; counters themselves are never locked).
// Lifetime: the registry refers to the counters and gauges; whoever registered them keeps them alive until its last snapshot.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "corering/metrics/counter.h"

namespace corering::metrics {

struct Sample {
  std::string name;
  std::uint64_t value = 0;  // sum over cores
};

// In the order in which names were first registered.
using Snapshot = std::vector<Sample>;

class Registry {
 public:
  void add(std::string_view name, const Counter& counter);
  void add(std::string_view name, const Gauge& gauge);

  Snapshot snapshot() const;

 private:
  struct Series {
    std::string name;
    std::vector<const Counter*> counters;
    std::vector<const Gauge*> gauges;
  };

  Series& series(std::string_view name);

  mutable std::mutex mutex_;
  std::vector<Series> all_;
};

// "accepted=12 closed=12": one line for logs and tests.
std::string to_line(const Snapshot& snapshot);

// The value of a name. Requires: somebody registered it; a misspelt name would be 0 for ever.
std::uint64_t value_of(const Snapshot& snapshot, std::string_view name);

}  // namespace corering::metrics
