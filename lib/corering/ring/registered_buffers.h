// RegisteredBuffers: an arena as the ring's fixed buffers: memory that the kernel pins once, so that operations on it need not pin
// pages each time.
//
// Serves zero-copy sends and file I/O; receives do not profit, and provided buffers cannot be combined with it. Pinned memory is
// taken from the machine and counts against RLIMIT_MEMLOCK, so the arena is registered piece by piece, each when it is first asked
// for: chunks are reused last-in first-out, and most servers never touch most of theirs. Where the limit ends it, or the kernel's on
// the number of buffers (16,384, so 32 GiB), the same memory works unregistered.
//
// A registered piece is never given up: operations that are on their way to the kernel name it by its index. So whoever discards
// pages asks whether it is held: see mem::LentMemory.
//
// Thread: constructed by any before the ring is enabled, then its owner. Lifetime: the ring and the arena outlive it.
// Kernel: 5.19. Cost: index_of a few nanoseconds; the first time for a piece one system call, and the pinning of its pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "corering/base/bytes.h"
#include "corering/mem/lent_memory.h"
#include "corering/ring/ring.h"

namespace corering::ring {

class RegisteredBuffers final : public mem::PageHolder {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{2} << 20;  // a huge page
  static constexpr std::size_t kBuffersMax = std::size_t{1} << 14;  // IORING_MAX_REG_BUFFERS

  // Prepares a table for the arena and registers nothing yet. A kernel that refuses the table leaves all unregistered.
  RegisteredBuffers(Ring& ring, base::MutableBytes arena);
  RegisteredBuffers(const RegisteredBuffers&) = delete;
  RegisteredBuffers& operator=(const RegisteredBuffers&) = delete;
  ~RegisteredBuffers();

  // The number of the fixed buffer that holds all of `bytes`, registered now if it was not; nothing if they lie elsewhere, cross the end
  // of a piece, or the kernel refuses.
  std::optional<std::uint16_t> index_of(base::ByteView bytes);

  // Whether a piece that `bytes` touch is registered.
  bool holds(base::ByteView bytes) const noexcept override;

  std::size_t registered_bytes() const noexcept { return registered_bytes_; }
  std::size_t refused_bytes() const noexcept { return refused_bytes_; }  // of pieces that were asked for

 private:
  // What is known of a piece: the number of its buffer, or one of these.
  static constexpr std::uint16_t kUntouched = UINT16_MAX;
  static constexpr std::uint16_t kRefused = UINT16_MAX - 1;

  std::optional<std::size_t> offset_of(base::ByteView bytes) const noexcept;
  base::MutableBytes piece(std::size_t index) const noexcept;
  std::uint16_t register_piece(std::size_t index);

  Ring& ring_;
  const base::MutableBytes arena_;
  std::vector<std::uint16_t> pieces_;  // empty without a table
  std::size_t buffers_max_ = 0;        // the table's
  std::size_t buffers_ = 0;            // used
  std::size_t registered_bytes_ = 0;
  std::size_t refused_bytes_ = 0;
};

}  // namespace corering::ring
