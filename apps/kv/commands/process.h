// What the kernel says of this process: memory and CPU time, for INFO and MEMORY.
//
// Thread: any. Cost: a system call or two, and a read of procfs: for commands that a person or a monitor asks now and then.
#pragma once

#include <cstdint>

namespace kv {

struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  std::uint64_t resident_bytes_peak = 0;
  std::uint64_t machine_bytes = 0;
  double user_s = 0;
  double system_s = 0;
};

ProcessUsage process_usage();

}  // namespace kv
