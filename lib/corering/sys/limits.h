// The kernel's limits on this process: found, raised as far as allowed, named when too low.
#pragma once

#include <cstdint>

#include "corering/base/result.h"

namespace corering::sys {

// Raises the soft RLIMIT_NOFILE to `needed` if it is lower. Errors: limit_too_low when the hard limit is below.
base::Result<> require_open_files(std::uint64_t needed);

// The soft RLIMIT_NOFILE now in force.
std::uint64_t open_files_limit();

// RLIMIT_MEMLOCK after raising soft to hard, in bytes; UINT64_MAX if unlimited or if this process may exceed it (CAP_IPC_LOCK).
std::uint64_t raise_memlock_limit();

}  // namespace corering::sys
