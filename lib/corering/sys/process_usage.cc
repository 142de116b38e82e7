#include "corering/sys/process_usage.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "corering/sys/limits.h"

namespace corering::sys {

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::uint64_t ns_of(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosecondsPerSecond + static_cast<std::uint64_t>(time.tv_usec) * 1000;
}

std::uint64_t ns_of_ticks(std::uint64_t ticks) {
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return ticks / per_second * kNanosecondsPerSecond + ticks % per_second * kNanosecondsPerSecond / per_second;
}

// The number behind "key " in a file of such lines.
std::uint64_t number_in(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    std::uint64_t number = 0;
    if (word == key && file >> number) return number;
  }
  return 0;
}

void read_rusage(ProcessUsage& usage) {
  rusage own{};
  if (::getrusage(RUSAGE_SELF, &own) != 0) return;
  usage.user_ns = ns_of(own.ru_utime);
  usage.system_ns = ns_of(own.ru_stime);
  usage.minor_faults = static_cast<std::uint64_t>(own.ru_minflt);
  usage.major_faults = static_cast<std::uint64_t>(own.ru_majflt);
}

void read_stat(ProcessUsage& usage) {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // The name, in parentheses, may hold anything; fields are counted from behind it: the first one there is number 3.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int number = 3; fields >> field; ++number) {
    const std::uint64_t value = number == 3 || field.front() == '-' ? 0 : std::stoull(field);
    if (number == 20) usage.threads = value;
    if (number == 22) usage.start_unix_ns = number_in("/proc/stat", "btime") * kNanosecondsPerSecond + ns_of_ticks(value);
    if (number == 23) usage.virtual_bytes = value;
    if (number == 24) usage.resident_bytes = value * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
}

void count_open_files(ProcessUsage& usage) {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return;
  std::uint64_t entries = 0;
  while (::readdir(folder) != nullptr) ++entries;
  ::closedir(folder);
  constexpr std::uint64_t kDotsAndTheFolderItself = 3;
  usage.open_files = entries > kDotsAndTheFolderItself ? entries - kDotsAndTheFolderItself : 0;
}

void read_network(ProcessUsage& usage) {
  std::ifstream file("/proc/self/net/dev");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t name_end = line.find(':');
    if (name_end == std::string::npos) continue;  // the two lines of headings
    std::istringstream fields(line.substr(name_end + 1));
    std::uint64_t value = 0;
    for (int field = 0; field < 9 && fields >> value; ++field) {
      if (field == 0) usage.network_received_bytes += value;
      if (field == 8) usage.network_sent_bytes += value;
    }
  }
}

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage usage;
  read_rusage(usage);
  read_stat(usage);
  count_open_files(usage);
  read_network(usage);
  usage.open_files_max = open_files_limit();
  usage.disk_read_bytes = number_in("/proc/self/io", "read_bytes:");
  usage.disk_written_bytes = number_in("/proc/self/io", "write_bytes:");
  return usage;
}

}  // namespace corering::sys
