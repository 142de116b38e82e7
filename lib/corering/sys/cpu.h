// The CPUs that this process may use.
#pragma once

#include <vector>

#include "corering/base/result.h"

namespace corering::sys {

// Kernel numbers of the CPUs in this thread's affinity mask, ascending; honours taskset and cpusets. Errors: system.
base::Result<std::vector<int>> allowed_cpus();

// Keeps the calling thread on one CPU. Errors: system.
base::Result<> pin_this_thread(int cpu);

// Shown by top -H and in core dumps. At most 15 bytes are kept.
void name_this_thread(const char* name) noexcept;

}  // namespace corering::sys
