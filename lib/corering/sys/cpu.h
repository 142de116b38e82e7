// The CPUs that this process may use.
#pragma once

#include <optional>
#include <vector>

#include "corering/base/result.h"

namespace corering::sys {

// Kernel numbers of the CPUs in this thread's affinity mask, ascending; honours taskset and cpusets. Errors: system.
base::Result<std::vector<int>> allowed_cpus();

// The NUMA node of the CPU that the calling thread runs on at the moment. Nothing if the kernel does not say.
std::optional<unsigned> node_of_this_cpu() noexcept;

// Keeps the calling thread on one CPU. Errors: system.
base::Result<> pin_this_thread(int cpu);

// Runs the calling thread on one CPU while it lives, and then where it might run before: what is touched meanwhile lies in the memory
// of that CPU's node. Where the kernel does not allow it, it changes nothing. Thread: the one that made it.
class CpuVisit {
 public:
  explicit CpuVisit(int cpu);
  CpuVisit(const CpuVisit&) = delete;
  CpuVisit& operator=(const CpuVisit&) = delete;
  ~CpuVisit();

 private:
  std::vector<int> before_;  // empty: nothing was changed
};

// Shown by top -H and in core dumps. At most 15 bytes are kept.
void name_this_thread(const char* name) noexcept;

}  // namespace corering::sys
