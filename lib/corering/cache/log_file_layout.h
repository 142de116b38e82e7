// LogFileLayout: how a cache file is divided, and which file it is.
//
//   superblock | 2 marks | segments | 2 marks | superblock
#pragma once

#include <cstddef>
#include <cstdint>

namespace corering::cache {

// What the page cache, and a disk at best, writes at once: the unit of everything in the file.
inline constexpr std::size_t kFileBlockBytes = 4096;

struct LogFileLayout {
  static constexpr std::size_t kMarks = 2;  // at either end

  std::uint64_t file_id = 0;  // random, made when the file is formatted: what an older format left behind is foreign
  std::size_t segment_bytes = 0;
  std::size_t segment_count = 0;
  std::uint64_t owner = 0;  // whose file it is among several: not believed if it is another's

  std::uint64_t segment_offset(std::uint64_t segment) const noexcept {
    return kFileBlockBytes * (1 + kMarks) + segment * segment_bytes;
  }
  std::uint64_t first_mark_offset(std::size_t mark) const noexcept { return kFileBlockBytes * (1 + mark); }
  std::uint64_t second_mark_offset(std::size_t mark) const noexcept {
    return segment_offset(segment_count) + kFileBlockBytes * mark;
  }
  std::uint64_t second_superblock_offset() const noexcept { return second_mark_offset(kMarks); }
  std::uint64_t file_bytes() const noexcept { return second_superblock_offset() + kFileBlockBytes; }
};

}  // namespace corering::cache
