#include "load/targets.h"

#include "load/report.h"

namespace load {

std::vector<TargetResult> judge(const Targets& targets, const Report& report) {
  std::vector<TargetResult> results;
  const auto at_most = [&](const char* name, double wanted, double found) {
    results.push_back({name, wanted, found, found <= wanted});
  };
  // Without a single reply no latency was measured, and none is good.
  const auto latency = [&](const char* name, double wanted_us, double percent) {
    if (wanted_us <= 0) return;
    if (report.latency.count() == 0) {
      results.push_back({name, wanted_us, 0, false});
    } else {
      at_most(name, wanted_us, report.latency_us(percent));
    }
  };
  latency("p50_us", targets.p50_us, 50);
  latency("p95_us", targets.p95_us, 95);
  latency("p99_us", targets.p99_us, 99);
  latency("p999_us", targets.p999_us, 99.9);
  if (targets.rps > 0)
    results.push_back({"rps", targets.rps, report.requests_per_second(), report.requests_per_second() >= targets.rps});
  if (targets.error_rate >= 0) at_most("error_rate", targets.error_rate, report.error_rate());
  return results;
}

}  // namespace load
