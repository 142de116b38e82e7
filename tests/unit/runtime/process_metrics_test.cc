#include "corering/runtime/process_metrics.h"

#include <gtest/gtest.h>

#include "corering/metrics/prometheus.h"

namespace {

namespace metrics = corering::metrics;

TEST(ProcessMetrics, AreSampledAndHaveTheNamesThatAllExportersUse) {
  corering::runtime::ProcessMetrics process;
  metrics::Registry registry;
  process.register_metrics(registry);
  EXPECT_EQ(metrics::value_of(registry.snapshot(), "process_resident_memory_bytes"), 0U);
  process.sample();
  EXPECT_GT(metrics::value_of(registry.snapshot(), "process_resident_memory_bytes"), 0U);
  const std::string text = metrics::to_prometheus(registry.collect());
  for (const char* name : {"\nprocess_cpu_seconds_total ", "\nprocess_open_fds ", "\nprocess_start_time_seconds "}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

}  // namespace
