// What the kernel accounts of a thread of this process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace corering::sys {

struct ThreadTimes {
  std::uint64_t cpu_ns = 0;       // on a CPU, in user space and in the kernel
  std::uint64_t runnable_ns = 0;  // waiting for one; 0 where the kernel does not account it (CONFIG_SCHED_INFO)
};

// The kernel's number of the calling thread.
pid_t this_thread_id() noexcept;

// Nothing if the thread has ended. Thread: any. Cost: four system calls. Source: clock_getcpuclockid(3), proc(5).
std::optional<ThreadTimes> thread_times(pid_t thread_id) noexcept;

// The thread runs or waits for a CPU: it is not blocked. Thread: any. Cost: three system calls. Source: proc(5).
bool is_thread_runnable(pid_t thread_id) noexcept;

}  // namespace corering::sys
