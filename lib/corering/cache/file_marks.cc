#include "corering/cache/file_marks.h"

#include <algorithm>
#include <cstring>

#include "corering/cache/crc32c.h"
#include "corering/cache/superblock.h"

namespace corering::cache {

namespace {

constexpr std::uint64_t kMagic = 0x31304b52414d5243;  // "CRMARK01"
constexpr std::size_t kChecksumOffset = 28;
constexpr std::size_t kMarkBytes = 32;

}  // namespace

void write_mark(base::MutableBytes to, std::uint64_t file_id, LogPosition synced) noexcept {
  std::ranges::fill(to, std::byte{0});
  std::memcpy(to.data(), &kMagic, 8);
  std::memcpy(to.data() + 8, &file_id, 8);
  std::memcpy(to.data() + 16, &synced.generation, 8);
  std::memcpy(to.data() + 24, &synced.batch, 4);
  const std::uint32_t checksum = crc32c(to.first(kChecksumOffset));
  std::memcpy(to.data() + kChecksumOffset, &checksum, 4);
}

std::optional<LogPosition> read_mark(base::ByteView from, std::uint64_t file_id) noexcept {
  if (from.size() < kMarkBytes) return std::nullopt;
  std::uint64_t magic;
  std::uint64_t id;
  std::uint32_t checksum;
  LogPosition synced;
  std::memcpy(&magic, from.data(), 8);
  std::memcpy(&id, from.data() + 8, 8);
  std::memcpy(&synced.generation, from.data() + 16, 8);
  std::memcpy(&synced.batch, from.data() + 24, 4);
  std::memcpy(&checksum, from.data() + kChecksumOffset, 4);
  if (magic != kMagic || id != file_id || checksum != crc32c(from.first(kChecksumOffset))) return std::nullopt;
  return synced;
}

FileMarks::FileMarks(const LogFileLayout& layout, BlockDevice& device) : layout_(layout), device_(device) {}

void FileMarks::write(LogPosition synced) {
  if (first_mark_.transfer.in_flight() || second_mark_.transfer.in_flight()) return;
  write_mark(first_mark_.block, layout_.file_id, synced);
  write_mark(second_mark_.block, layout_.file_id, synced);
  first_mark_.transfer.write(device_, layout_.first_mark_offset(next_), first_mark_.block);
  second_mark_.transfer.write(device_, layout_.second_mark_offset(next_), second_mark_.block);
  next_ = (next_ + 1) % LogFileLayout::kMarks;
}

void FileMarks::poison() {
  const Superblock superblock{.layout = layout_, .poisoned = true};
  write_superblock(first_poison_.block, superblock);
  write_superblock(second_poison_.block, superblock);
  first_poison_.transfer.write(device_, 0, first_poison_.block);
  second_poison_.transfer.write(device_, layout_.second_superblock_offset(), second_poison_.block);
}

bool FileMarks::is_idle() const noexcept {
  return !first_mark_.transfer.in_flight() && !second_mark_.transfer.in_flight() && !first_poison_.transfer.in_flight() &&
         !second_poison_.transfer.in_flight();
}

}  // namespace corering::cache
