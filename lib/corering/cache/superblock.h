// Superblock: the first and the last block of a cache file: what it is, how it is divided, and whether it may be believed.
//
//   offset  bytes
//   0       8      magic "CRCACHE" and a zero
//   8       4      version of the format, 1
//   12      4      flags; bit 0: poisoned
//   16      8      file id
//   24      8      bytes of a segment
//   32      8      number of segments
//   40      8      owner: which core of how many, or whatever the owner tells its files apart by
//   48      4      CRC32C of the bytes above
//   256     32     the process that holds the file, in digits: for people, and for the error of a second process
//
// Poisoned: a write or a sync failed while the file was in use. Deletes may have been lost since, so nothing in it is believed again.
// 512 bytes or less, so that a disk writes all of it or nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/cache/log_file_layout.h"

namespace corering::cache {

struct Superblock {
  static constexpr std::size_t kBytes = 52;
  static constexpr std::size_t kHolderOffset = 256;
  static constexpr std::uint32_t kVersion = 1;

  LogFileLayout layout;
  bool poisoned = false;
};

enum class SuperblockProblem : std::uint8_t { none, foreign, other_version, damaged };

struct SuperblockReading {
  SuperblockProblem problem = SuperblockProblem::foreign;
  std::uint32_t version = 0;  // found, unless foreign
  Superblock superblock;      // if there is no problem
};

// Fills a block. Requires: to.size() is kFileBlockBytes.
void write_superblock(base::MutableBytes to, const Superblock& superblock) noexcept;

SuperblockReading read_superblock(base::ByteView from) noexcept;

}  // namespace corering::cache
