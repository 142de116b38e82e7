#include "corering/sys/thread_times.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <ctime>
#include <span>
#include <string_view>

#include "corering/sys/fd.h"

namespace corering::sys {

namespace {

// The clock of a thread by number: what pthread_getcpuclockid makes of a pthread_t. The lowest three bits say "per thread" (4) and
// "scheduler's account" (2); the rest is the complement of the number.
clockid_t cpu_clock_of(pid_t thread_id) noexcept { return static_cast<clockid_t>((~static_cast<unsigned>(thread_id) << 3) | 6U); }

// The beginning of a file of /proc that tells of the thread; empty if it cannot be read.
std::string_view read_file(pid_t thread_id, const char* name, std::span<char> into) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/%s", static_cast<int>(thread_id), name);
  const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t bytes = file ? ::read(file.value(), into.data(), into.size()) : -1;
  return {into.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
}

std::uint64_t runnable_ns(pid_t thread_id) noexcept {
  char buffer[128];
  // "on_cpu_ns waited_ns slices"
  const std::string_view text = read_file(thread_id, "schedstat", buffer);
  const char* end = text.data() + text.size();
  std::uint64_t on_cpu = 0;
  std::uint64_t waited = 0;
  const auto first = std::from_chars(text.data(), end, on_cpu);
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

bool is_thread_runnable(pid_t thread_id) noexcept {
  char buffer[128];
  // "number (name) state ...", and the name may hold anything.
  const std::string_view text = read_file(thread_id, "stat", buffer);
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string_view::npos && text.substr(name_end).starts_with(") R");
}

}  // namespace corering::sys
