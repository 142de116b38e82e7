// LogFileLayout: how a cache file is divided, and which file it is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corering::cache {

// What the page cache, and a disk at best, writes at once: the unit of everything in the file.
inline constexpr std::size_t kFileBlockBytes = 4096;

struct LogFileLayout {
  std::uint64_t file_id = 0;  // random, made when the file is formatted: what an older format left behind is foreign
  std::size_t segment_bytes = 0;
  std::size_t segment_count = 0;

  // superblock | segments | second superblock
  std::uint64_t segment_offset(std::uint64_t segment) const noexcept { return kFileBlockBytes + segment * segment_bytes; }
  std::uint64_t file_bytes() const noexcept { return segment_offset(segment_count) + kFileBlockBytes; }
};

}  // namespace corering::cache
