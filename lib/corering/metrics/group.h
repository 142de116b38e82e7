// Group: the metrics of one thing among several of its kind (a stream, a bus, a pool): names that begin with its own.
//
//   metrics::Group orders(registry, "orders");
//   orders.add("pushed", counters.pushed, "Items taken in");      // as orders_pushed
//
// Thread and lifetime: as Registry, which outlives it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "corering/metrics/registry.h"

namespace corering::metrics {

class Group {
 public:
  Group(Registry& registry, std::string name) : registry_(registry), name_(std::move(name)) {}

  template <typename Metric>
  void add(std::string_view name, const Metric& metric, std::string_view help) {
    registry_.add((name_ + '_').append(name), metric, help);
  }

 private:
  Registry& registry_;
  const std::string name_;
};

}  // namespace corering::metrics
