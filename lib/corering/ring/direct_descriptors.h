// DirectDescriptors: the ring's own table of files.
//
// Operations on its slots skip the process's descriptor table and its reference counting. The kernel picks a free slot at accept;
// a full table makes it drop the accepted client, so the table is opened larger than the connection limit. Old kernels free slots
// late (liburing issue 1192): an option, off by default.
//
// Thread: as Backend::register_resource. Lifetime: the ring outlives it. Kernel: 5.19.
#pragma once

#include <cstdint>

#include "corering/base/result.h"
#include "corering/ring/ring.h"

namespace corering::ring {

class DirectDescriptors {
 public:
  // Errors: unsupported, limit_too_low (the kernel caps the table at RLIMIT_NOFILE), out_of_memory.
  static base::Result<DirectDescriptors> open(Ring& ring, std::uint32_t slots);

  DirectDescriptors(DirectDescriptors&& other) noexcept;
  ~DirectDescriptors();

  std::uint32_t slots() const noexcept { return slots_; }

 private:
  DirectDescriptors(Ring& ring, std::uint32_t slots) : ring_(&ring), slots_(slots) {}

  Ring* ring_;
  std::uint32_t slots_;
};

}  // namespace corering::ring
