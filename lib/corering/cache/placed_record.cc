#include "corering/cache/placed_record.h"

#include <algorithm>
#include <cstring>

#include "corering/cache/crc32c.h"

namespace corering::cache {

namespace {

constexpr std::size_t kFirstWordBytes = 4;

}  // namespace

std::uint32_t place_salt(std::uint64_t file_id, std::uint64_t generation, std::uint64_t offset) noexcept {
  std::uint64_t mixed = file_id + generation * 0x9e3779b97f4a7c15ULL + offset;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<std::uint32_t>(mixed >> 32);
}

void place_record(base::MutableBytes room, std::size_t bytes, std::uint32_t salt) noexcept {
  const std::uint32_t word = crc32c(room.subspan(kFirstWordBytes, bytes - kFirstWordBytes)) ^ salt;
  std::memcpy(room.data(), &word, sizeof word);
  std::ranges::fill(room.subspan(bytes), std::byte{0});
}

std::optional<RecordView> verify_placed(base::ByteView bytes, std::uint32_t salt) noexcept {
  const auto needed = RecordView::bytes_needed(bytes);
  if (!needed || *needed > bytes.size()) return std::nullopt;
  std::uint32_t word;
  std::memcpy(&word, bytes.data(), sizeof word);
  if ((word ^ salt) != crc32c(bytes.subspan(kFirstWordBytes, *needed - kFirstWordBytes))) return std::nullopt;
  return RecordView(bytes.data());
}

}  // namespace corering::cache
