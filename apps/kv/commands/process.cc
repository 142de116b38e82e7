#include "kv/commands/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace kv {

namespace {

double seconds(const timeval& time) noexcept { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage usage;
  const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  usage.machine_bytes = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes;
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (std::ifstream("/proc/self/statm") >> total_pages >> resident_pages) usage.resident_bytes = resident_pages * page_bytes;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  usage.resident_bytes_peak = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  usage.user_s = seconds(used.ru_utime);
  usage.system_s = seconds(used.ru_stime);
  return usage;
}

}  // namespace kv
