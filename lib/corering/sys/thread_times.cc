#include "corering/sys/thread_times.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <ctime>

#include "corering/sys/fd.h"

namespace corering::sys {

namespace {

// The clock of a thread by number: what pthread_getcpuclockid makes of a pthread_t. The lowest three bits say "per thread" (4) and
// "scheduler's account" (2); the rest is the complement of the number.
clockid_t cpu_clock_of(pid_t thread_id) noexcept { return static_cast<clockid_t>((~static_cast<unsigned>(thread_id) << 3) | 6U); }

std::uint64_t runnable_ns(pid_t thread_id) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", static_cast<int>(thread_id));
  const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  char text[128];
  const ssize_t bytes = file ? ::read(file.value(), text, sizeof text) : -1;
  if (bytes <= 0) return 0;
  // "on_cpu_ns waited_ns slices"
  const char* end = text + bytes;
  std::uint64_t on_cpu = 0;
  std::uint64_t waited = 0;
  const auto first = std::from_chars(text, end, on_cpu);
  if (first.ec != std::errc() || first.ptr == end) return 0;
  std::from_chars(first.ptr + 1, end, waited);
  return waited;
}

}  // namespace

pid_t this_thread_id() noexcept { return ::gettid(); }

std::optional<ThreadTimes> thread_times(pid_t thread_id) noexcept {
  timespec cpu{};
  if (::clock_gettime(cpu_clock_of(thread_id), &cpu) != 0) return std::nullopt;
  return ThreadTimes{static_cast<std::uint64_t>(cpu.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(cpu.tv_nsec),
                     runnable_ns(thread_id)};
}

}  // namespace corering::sys
