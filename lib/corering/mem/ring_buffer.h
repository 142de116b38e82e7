// RingBuffer: a queue of bytes in which everything readable, and everything writable, is always one contiguous view.
//
// The same pages are mapped twice, side by side, so a view that runs over the end of the first mapping goes on in the second,
// which is the beginning again. Parsers see no seam, the kernel fills or sends with one address, and nothing is ever moved:
//
//   if (const ssize_t count = ::read(fd, ring.writable().data(), ring.writable().size()); count > 0) ring.commit(count);
//   ring.consume(parse(ring.peek()));
//
// Not for received chunks on their way through a server: those are handed on whole (ChunkPool), a ring buffer is copied into.
//
// Thread: owning core only. Lifetime: a view dies with what it shows (consume, commit, clear) and with the buffer; moving the
// buffer moves no bytes. The pages are shared with a child after fork(2), the positions are not: the child leaves them alone.
// Cost: 64 bytes in and out 3 to 6 ns, no system call after open. open takes all pages at once, because a page that the kernel
// could not provide later would end the process; address space is used twice.
// Kernel: memfd_create (3.17).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "corering/base/assert.h"
#include "corering/base/bytes.h"
#include "corering/base/result.h"

namespace corering::mem {

class RingBuffer {
 public:
  static constexpr std::size_t kCapacityBytesMax = std::size_t{1} << 30;

  // At least `capacity_bytes`, rounded up to a power of two and to a page. Errors: invalid_argument for 0 and for more than
  // kCapacityBytesMax; limit_too_low without a free descriptor (it is closed again) or for more than RLIMIT_FSIZE; out_of_memory; system.
  static base::Result<RingBuffer> open(std::size_t capacity_bytes);

  // Without memory, as after being moved from: empty and full at once.
  RingBuffer() = default;
  RingBuffer(RingBuffer&& other) noexcept { swap(other); }
  RingBuffer& operator=(RingBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~RingBuffer();

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(written_ - read_); }
  std::size_t available() const noexcept { return capacity_ - size(); }
  bool empty() const noexcept { return written_ == read_; }
  bool full() const noexcept { return available() == 0; }

  // Copies as much as fits, or as there is; returns how many bytes that was.
  std::size_t write(base::ByteView bytes) noexcept {
    const std::size_t count = std::min(bytes.size(), available());
    copy(at(written_), bytes.data(), count, bytes.size());
    written_ += count;
    return count;
  }
  std::size_t read(base::MutableBytes bytes) noexcept {
    const std::size_t count = std::min(bytes.size(), size());
    copy(bytes.data(), at(read_), count, bytes.size());
    read_ += count;
    return count;
  }

  // All readable bytes, the oldest first.
  base::ByteView peek() const noexcept { return {at(read_), size()}; }

  // Requires: count <= size().
  void consume(std::size_t count) noexcept {
    CORERING_ASSERT(count <= size(), "more is consumed than there is");
    read_ += count;
  }

  // All free bytes, to be filled in place from the front.
  base::MutableBytes writable() noexcept { return {at(written_), available()}; }

  // The first `count` bytes of writable() are filled. Requires: count <= available().
  void commit(std::size_t count) noexcept {
    CORERING_ASSERT(count <= available(), "more is committed than there is room for");
    written_ += count;
  }

  void clear() noexcept { read_ = written_; }

 private:
  RingBuffer(std::byte* first, std::size_t capacity) noexcept : first_(first), capacity_(capacity) {}

  std::byte* at(std::uint64_t position) const noexcept { return first_ + (position & (capacity_ - 1)); }

  // All that is wanted apart from less, because how much is wanted is often a constant: the copy is then a few instructions, where
  // g++ 12 makes a loop of a size of which it knows only the upper bound.
  static void copy(std::byte* to, const std::byte* from, std::size_t count, std::size_t wanted) noexcept {
    if (count != wanted) return copy_less(to, from, count);
    if (wanted != 0) std::memcpy(to, from, wanted);
  }
  static void copy_less(std::byte* to, const std::byte* from, std::size_t count) noexcept;

  void swap(RingBuffer& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(capacity_, other.capacity_);
    std::swap(read_, other.read_);
    std::swap(written_, other.written_);
  }

  std::byte* first_ = nullptr;  // of 2 * capacity_ bytes of address space
  std::size_t capacity_ = 0;    // a power of two
  // Positions in the endless stream of bytes, not in memory: they only grow, and 2^64 bytes do not pass in a machine's life.
  std::uint64_t read_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace corering::mem
