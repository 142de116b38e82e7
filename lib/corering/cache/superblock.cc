#include "corering/cache/superblock.h"

#include <algorithm>
#include <cstring>

#include "corering/base/assert.h"
#include "corering/cache/crc32c.h"

namespace corering::cache {

namespace {

constexpr std::uint64_t kMagic = 0x0045484341435243;  // "CRCACHE"
constexpr std::uint32_t kPoisoned = 1;
constexpr std::size_t kChecksumOffset = 48;

template <typename Integer>
void put(base::MutableBytes to, std::size_t offset, Integer value) noexcept {
  std::memcpy(to.data() + offset, &value, sizeof value);
}

template <typename Integer>
Integer get(base::ByteView from, std::size_t offset) noexcept {
  Integer value;
  std::memcpy(&value, from.data() + offset, sizeof value);
  return value;
}

bool is_possible(const LogFileLayout& layout) noexcept {
  return layout.segment_bytes >= kFileBlockBytes && layout.segment_bytes % kFileBlockBytes == 0 &&
         layout.segment_bytes <= UINT32_MAX && layout.segment_count > 0 && layout.segment_count < UINT32_MAX;
}

}  // namespace

void write_superblock(base::MutableBytes to, const Superblock& superblock) noexcept {
  CORERING_ASSERT(to.size() == kFileBlockBytes, "a superblock is a block");
  std::ranges::fill(to, std::byte{0});
  put(to, 0, kMagic);
  put(to, 8, Superblock::kVersion);
  put(to, 12, superblock.poisoned ? kPoisoned : 0);
  put(to, 16, superblock.layout.file_id);
  put(to, 24, std::uint64_t{superblock.layout.segment_bytes});
  put(to, 32, std::uint64_t{superblock.layout.segment_count});
  put(to, 40, superblock.layout.owner);
  put(to, kChecksumOffset, crc32c(to.first(kChecksumOffset)));
}

SuperblockReading read_superblock(base::ByteView from) noexcept {
  SuperblockReading reading;
  if (from.size() < Superblock::kBytes || get<std::uint64_t>(from, 0) != kMagic) return reading;
  reading.version = get<std::uint32_t>(from, 8);
  // The version first: another version's checksum may lie elsewhere.
  reading.problem = SuperblockProblem::other_version;
  if (reading.version != Superblock::kVersion) return reading;
  reading.problem = SuperblockProblem::damaged;
  if (get<std::uint32_t>(from, kChecksumOffset) != crc32c(from.first(kChecksumOffset))) return reading;
  reading.superblock.poisoned = (get<std::uint32_t>(from, 12) & kPoisoned) != 0;
  LogFileLayout& layout = reading.superblock.layout;
  layout.file_id = get<std::uint64_t>(from, 16);
  layout.segment_bytes = get<std::uint64_t>(from, 24);
  layout.segment_count = get<std::uint64_t>(from, 32);
  layout.owner = get<std::uint64_t>(from, 40);
  if (is_possible(layout)) reading.problem = SuperblockProblem::none;
  return reading;
}

}  // namespace corering::cache
