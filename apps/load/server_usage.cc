#include "load/server_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace load {

namespace {

// Of all threads that have not ended, in nanoseconds; 0 where the kernel does not keep them.
std::uint64_t run_ns(const std::string& process) {
  std::uint64_t total = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator task(process + "/task", error), end; !error && task != end; task.increment(error)) {
    std::uint64_t ns = 0;
    if (std::ifstream(task->path() / "schedstat") >> ns) total += ns;
  }
  return total;
}

}  // namespace

Usage server_usage(int pid) {
  if (pid == 0) return {};
  const std::string process = "/proc/" + std::to_string(pid);
  std::ifstream file(process + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  Usage usage;
  std::string field;
  for (int number = 3; fields >> field; ++number) {
    if (number == 14) usage.user_seconds = std::stod(field) / ticks_per_second;
    if (number == 15) usage.system_seconds = std::stod(field) / ticks_per_second;
    if (number == 24) usage.resident_bytes = std::stoull(field) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  usage.run_seconds = static_cast<double>(run_ns(process)) / 1e9;
  return usage;
}

}  // namespace load
