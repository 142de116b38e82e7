// What the kernel accounts of this process, out of /proc. Source: proc(5).
#pragma once

#include <cstdint>

namespace corering::sys {

// Whatever cannot be read is 0.
struct ProcessUsage {
  std::uint64_t user_ns = 0;
  std::uint64_t system_ns = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t minor_faults = 0;  // served from memory
  std::uint64_t major_faults = 0;  // needed I/O
  std::uint64_t threads = 0;
  std::uint64_t open_files = 0;
  std::uint64_t open_files_max = 0;
  std::uint64_t start_unix_ns = 0;  // since 1970
  std::uint64_t disk_read_bytes = 0;
  std::uint64_t disk_written_bytes = 0;
  // Of the whole network namespace, all interfaces, the loopback included: the kernel accounts no process.
  std::uint64_t network_received_bytes = 0;
  std::uint64_t network_sent_bytes = 0;
};

// Thread: any; not on a core that serves. Cost: some twenty system calls, about 100 microseconds.
ProcessUsage process_usage();

}  // namespace corering::sys
