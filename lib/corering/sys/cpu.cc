#include "corering/sys/cpu.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace corering::sys {

namespace {

int set_affinity(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  return ::sched_setaffinity(0, sizeof(set), &set);
}

}  // namespace

base::Result<std::vector<int>> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return base::failure(base::os_error(errno, "reading the CPU affinity"));
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::optional<unsigned> node_of_this_cpu() noexcept {
  unsigned node = 0;
  if (::getcpu(nullptr, &node) != 0) return {};
  return node;
}

base::Result<> pin_this_thread(int cpu) {
  if (set_affinity({cpu}) != 0)
    return base::failure(base::os_error(errno, "pinning a core's thread to CPU " + std::to_string(cpu)));
  return {};
}

CpuVisit::CpuVisit(int cpu) {
  auto before = allowed_cpus();
  if (before && set_affinity({cpu}) == 0) before_ = std::move(*before);
}

CpuVisit::~CpuVisit() {
  if (!before_.empty()) set_affinity(before_);
}

void name_this_thread(const char* name) noexcept {
  std::array<char, 16> kept{};
  std::copy_n(name, std::min(std::strlen(name), kept.size() - 1), kept.begin());
  ::pthread_setname_np(::pthread_self(), kept.data());
}

}  // namespace corering::sys
