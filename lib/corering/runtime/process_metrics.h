// ProcessMetrics: what the kernel accounts of the whole process, as metrics under the names that all exporters use.
//
// Thread: sample by any that serves nobody, one at a time; the counters by any. Lifetime: outlives the registry's readers.
#pragma once

#include "corering/metrics/registry.h"

namespace corering::runtime {

class ProcessMetrics {
 public:
  void register_metrics(metrics::Registry& registry);

  // Brings the values up to date. Cost: as sys::process_usage.
  void sample();

 private:
  metrics::Counter cpu_ns_;
  metrics::Counter minor_faults_;
  metrics::Counter major_faults_;
  metrics::Counter disk_read_bytes_;
  metrics::Counter disk_written_bytes_;
  metrics::Counter network_received_bytes_;
  metrics::Counter network_sent_bytes_;
  metrics::Gauge resident_bytes_;
  metrics::Gauge virtual_bytes_;
  metrics::Gauge threads_;
  metrics::Gauge open_files_;
  metrics::Gauge open_files_max_;
  metrics::Gauge start_unix_ns_;
};

}  // namespace corering::runtime
