// RegisteredBuffers: memory that the kernel has pinned once, so that operations on it need not pin pages each time.
//
// Serves zero-copy sends and file I/O; receives do not profit, and provided buffers cannot be combined with it. Pinned memory
// counts against RLIMIT_MEMLOCK: where it does not fit, the same memory works unregistered (bytes_registered says how much is).
//
// Thread: as Backend::register_resource. Lifetime: the ring and the memory outlive it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "corering/base/bytes.h"
#include "corering/ring/ring.h"

namespace corering::ring {

class RegisteredBuffers {
 public:
  // The kernel takes at most 1 GiB per buffer; larger regions become several.
  static constexpr std::size_t kBufferBytesMax = std::size_t{1} << 30;

  // Registers as many whole regions, in order, as the kernel accepts; none is no error.
  RegisteredBuffers(Ring& ring, std::span<const base::MutableBytes> regions);
  RegisteredBuffers(const RegisteredBuffers&) = delete;
  RegisteredBuffers& operator=(const RegisteredBuffers&) = delete;
  ~RegisteredBuffers();

  // The buffer that holds all of `bytes`, for the fixed operations.
  std::optional<std::uint16_t> index_of(base::ByteView bytes) const noexcept;

  std::size_t bytes_registered() const noexcept;

 private:
  Ring& ring_;
  std::vector<iovec> buffers_;
};

}  // namespace corering::ring
