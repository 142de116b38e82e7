// The memlock preflight: will the rings fit under RLIMIT_MEMLOCK?
//
// Ring and buffer-ring memory is charged to the user, so several servers share one limit and a set-up that fits alone may still
// fail; this catches the common case before start, with a message that says what to do.
#pragma once

#include <cstdint>
#include <string>

#include "corering/base/result.h"
#include "corering/ring/backend.h"

namespace corering::ring {

// Bytes charged for one ring. Units: bytes.
std::uint64_t ring_memory_bytes(const SetupOptions& options);

struct MemlockPlan {
  SetupOptions setup;   // perhaps smaller than wanted
  std::string warning;  // one line, empty if everything fits as wanted
};

// Fits `cores` rings and as many buffer rings of `buffer_ring_bytes` below `limit_bytes` (UINT64_MAX: unlimited), halving the
// rings down to 64 entries if need be. Errors: limit_too_low, naming the value found, the value needed and the remedy.
base::Result<MemlockPlan> plan_memlock(const SetupOptions& wanted, std::uint64_t buffer_ring_bytes, std::uint32_t cores,
                                       std::uint64_t limit_bytes);

}  // namespace corering::ring
