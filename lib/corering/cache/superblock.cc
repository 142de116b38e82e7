#include "corering/cache/superblock.h"

#include <algorithm>

#include "corering/base/assert.h"
#include "corering/cache/block_fields.h"
#include "corering/cache/crc32c.h"

namespace corering::cache {

namespace {

constexpr std::uint64_t kMagic = 0x0045484341435243;  // "CRCACHE"
constexpr std::uint32_t kPoisoned = 1;
constexpr std::size_t kChecksumOffset = 48;

bool is_possible(const LogFileLayout& layout) noexcept {
  return layout.segment_bytes >= kFileBlockBytes && layout.segment_bytes % kFileBlockBytes == 0 &&
         layout.segment_bytes <= UINT32_MAX && layout.segment_count > 0 && layout.segment_count < UINT32_MAX;
}

}  // namespace

void write_superblock(base::MutableBytes to, const Superblock& superblock) noexcept {
  CORERING_ASSERT(to.size() == kFileBlockBytes, "a superblock is a block");
  std::ranges::fill(to, std::byte{0});
  put_field(to, 0, kMagic);
  put_field(to, 8, Superblock::kVersion);
  put_field(to, 12, superblock.poisoned ? kPoisoned : 0);
  put_field(to, 16, superblock.layout.file_id);
  put_field(to, 24, std::uint64_t{superblock.layout.segment_bytes});
  put_field(to, 32, std::uint64_t{superblock.layout.segment_count});
  put_field(to, 40, superblock.layout.owner);
  put_field(to, kChecksumOffset, crc32c(to.first(kChecksumOffset)));
}

SuperblockReading read_superblock(base::ByteView from) noexcept {
  SuperblockReading reading;
  if (from.size() < Superblock::kBytes || get_field<std::uint64_t>(from, 0) != kMagic) return reading;
  reading.version = get_field<std::uint32_t>(from, 8);
  // The version first: another version's checksum may lie elsewhere.
  reading.problem = SuperblockProblem::other_version;
  if (reading.version != Superblock::kVersion) return reading;
  reading.problem = SuperblockProblem::damaged;
  if (get_field<std::uint32_t>(from, kChecksumOffset) != crc32c(from.first(kChecksumOffset))) return reading;
  reading.superblock.poisoned = (get_field<std::uint32_t>(from, 12) & kPoisoned) != 0;
  LogFileLayout& layout = reading.superblock.layout;
  layout.file_id = get_field<std::uint64_t>(from, 16);
  layout.segment_bytes = get_field<std::uint64_t>(from, 24);
  layout.segment_count = get_field<std::uint64_t>(from, 32);
  layout.owner = get_field<std::uint64_t>(from, 40);
  if (is_possible(layout)) reading.problem = SuperblockProblem::none;
  return reading;
}

}  // namespace corering::cache
