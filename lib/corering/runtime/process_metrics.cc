#include "corering/runtime/process_metrics.h"

#include "corering/sys/process_usage.h"

namespace corering::runtime {

void ProcessMetrics::register_metrics(metrics::Registry& registry) {
  registry.add("process_cpu_ns", cpu_ns_, "User and system CPU time of the process");
  registry.add("process_minor_faults", minor_faults_, "Page faults served from memory");
  registry.add("process_major_faults", major_faults_, "Page faults that needed I/O");
  registry.add("process_disk_read_bytes", disk_read_bytes_, "Bytes that the process made the kernel read from storage");
  registry.add("process_disk_written_bytes", disk_written_bytes_, "Bytes that the process made the kernel write to storage");
  registry.add("process_network_received_bytes", network_received_bytes_,
               "Bytes received by all interfaces of the network namespace, loopback included");
  registry.add("process_network_sent_bytes", network_sent_bytes_,
               "Bytes sent by all interfaces of the network namespace, loopback included");
  registry.add("process_resident_memory_bytes", resident_bytes_, "Resident memory");
  registry.add("process_virtual_memory_bytes", virtual_bytes_, "Virtual memory");
  registry.add("process_threads", threads_, "Threads of the process");
  registry.add("process_open_fds", open_files_, "Open file descriptors");
  registry.add("process_max_fds", open_files_max_, "Limit of open file descriptors");
  registry.add("process_start_time_ns", start_unix_ns_, "Start of the process since 1970");
}

void ProcessMetrics::sample() {
  const sys::ProcessUsage usage = sys::process_usage();
  cpu_ns_.catch_up(usage.user_ns + usage.system_ns);
  minor_faults_.catch_up(usage.minor_faults);
  major_faults_.catch_up(usage.major_faults);
  disk_read_bytes_.catch_up(usage.disk_read_bytes);
  disk_written_bytes_.catch_up(usage.disk_written_bytes);
  network_received_bytes_.catch_up(usage.network_received_bytes);
  network_sent_bytes_.catch_up(usage.network_sent_bytes);
  resident_bytes_.set(usage.resident_bytes);
  virtual_bytes_.set(usage.virtual_bytes);
  threads_.set(usage.threads);
  open_files_.set(usage.open_files);
  open_files_max_.set(usage.open_files_max);
  start_unix_ns_.set(usage.start_unix_ns);
}

}  // namespace corering::runtime
