#include "corering/mem/pool_counters.h"

#include <string>

namespace corering::mem {

double PoolCounters::hit_rate() const noexcept {
  const std::uint64_t granted = borrows.value();
  return granted == 0 ? 1.0 : static_cast<double>(hits()) / static_cast<double>(granted);
}

void PoolCounters::register_metrics(metrics::Registry& registry, std::string_view name) const {
  const std::string prefix = "pool_" + std::string(name);
  registry.add(prefix + "_borrows", borrows, "Objects borrowed");
  registry.add(prefix + "_misses", misses, "Borrows that found no place");
  registry.add(prefix + "_refused", refused, "Borrows refused at the maximum");
  registry.add(prefix + "_returns", returns, "Objects given back");
  registry.add(prefix + "_dropped", dropped, "Places that the pool did not keep");
  registry.add(prefix + "_live_max", live_max, "Most objects of a core that were out at once, added up over the cores");
}

}  // namespace corering::mem
