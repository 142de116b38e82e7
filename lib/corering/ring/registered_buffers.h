// RegisteredBuffers: an arena as the ring's fixed buffers: memory that the kernel pins once, so that operations on it need not pin
// pages each time.
//
// Serves zero-copy sends and file I/O; receives do not profit, and provided buffers cannot be combined with it. Pinned memory is
// taken from the machine and counts against RLIMIT_MEMLOCK, so the arena is registered piece by piece, each when it is first asked
// for: chunks are reused last-in first-out, and most servers never touch most of theirs. Where the limit ends it, the same memory
// works unregistered.
//
// Thread: constructed by any before the ring is enabled, then its owner. Lifetime: the ring and the arena outlive it.
// Kernel: 5.19. Cost: index_of a few nanoseconds; the first time for a piece one system call, and the pinning of its pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "corering/base/bytes.h"
#include "corering/ring/ring.h"

namespace corering::ring {

class RegisteredBuffers {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{2} << 20;  // a huge page

  // Prepares a table for the arena and registers nothing yet. A kernel that refuses the table leaves all unregistered.
  RegisteredBuffers(Ring& ring, base::MutableBytes arena);
  RegisteredBuffers(const RegisteredBuffers&) = delete;
  RegisteredBuffers& operator=(const RegisteredBuffers&) = delete;
  ~RegisteredBuffers();

  // The fixed buffer that holds all of `bytes`, registered now if it was not; nothing if they lie elsewhere, cross the end of a piece,
  // or the kernel refuses.
  std::optional<std::uint16_t> index_of(base::ByteView bytes);

  std::size_t registered_bytes() const noexcept { return registered_bytes_; }

 private:
  enum class State : std::uint8_t { untouched, registered, refused };

  base::MutableBytes piece(std::size_t index) const noexcept;
  State register_piece(std::size_t index);

  Ring& ring_;
  const base::MutableBytes arena_;
  std::vector<State> pieces_;  // empty without a table
  std::size_t registered_bytes_ = 0;
};

}  // namespace corering::ring
