#include "corering/sys/limits.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

namespace corering::sys {

namespace {

// Soft to min(wanted, hard); returns the limit now in force.
rlimit raise_soft_limit(__rlimit_resource resource, rlim_t wanted) {
  rlimit limit{};
  ::getrlimit(resource, &limit);
  const rlim_t target = std::min(wanted, limit.rlim_max);
  if (limit.rlim_cur < target) {
    const rlimit raised{target, limit.rlim_max};
    if (::setrlimit(resource, &raised) == 0) limit = raised;
  }
  return limit;
}

bool may_lock_any_memory() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

}  // namespace

base::Result<> require_open_files(std::uint64_t needed) {
  const rlimit limit = raise_soft_limit(RLIMIT_NOFILE, needed);
  if (limit.rlim_cur >= needed) return {};
  return base::failure({base::ErrorCode::limit_too_low, 0,
                        "found RLIMIT_NOFILE " + std::to_string(limit.rlim_cur) + ", need " + std::to_string(needed) +
                            ": raise the hard limit (ulimit -Hn) or lower --max_connections"});
}

std::uint64_t open_files_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::uint64_t raise_memlock_limit() {
  const rlimit limit = raise_soft_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
  if (limit.rlim_cur == RLIM_INFINITY || may_lock_any_memory()) return UINT64_MAX;
  return limit.rlim_cur;
}

}  // namespace corering::sys
