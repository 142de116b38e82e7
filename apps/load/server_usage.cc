#include "load/server_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace load {

Usage server_usage(int pid) {
  if (pid == 0) return {};
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
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
  return usage;
}

}  // namespace load
