#include "corering/cache/file_marks.h"

#include <algorithm>

#include "corering/cache/block_fields.h"
#include "corering/cache/crc32c.h"
#include "corering/cache/superblock.h"

namespace corering::cache {

namespace {

constexpr std::uint64_t kMagic = 0x31304b52414d5243;  // "CRMARK01"
constexpr std::size_t kChecksumOffset = 44;
constexpr std::size_t kMarkBytes = 48;

}  // namespace

void write_mark(base::MutableBytes to, std::uint64_t file_id, std::uint64_t offset, const Mark& mark) noexcept {
  std::ranges::fill(to, std::byte{0});
  put_field(to, 0, kMagic);
  put_field(to, 8, file_id);
  put_field(to, 16, mark.number);
  put_field(to, 24, mark.synced.generation);
  put_field(to, 32, mark.synced.batch);
  put_field(to, 36, offset);
  put_field(to, kChecksumOffset, crc32c(to.first(kChecksumOffset)));
}

std::optional<Mark> read_mark(base::ByteView from, std::uint64_t file_id, std::uint64_t offset) noexcept {
  if (from.size() < kMarkBytes || get_field<std::uint64_t>(from, 0) != kMagic || get_field<std::uint64_t>(from, 8) != file_id)
    return std::nullopt;
  if (get_field<std::uint64_t>(from, 36) != offset) return std::nullopt;
  if (get_field<std::uint32_t>(from, kChecksumOffset) != crc32c(from.first(kChecksumOffset))) return std::nullopt;
  return Mark{.number = get_field<std::uint64_t>(from, 16),
              .synced = {.generation = get_field<std::uint64_t>(from, 24), .batch = get_field<std::uint32_t>(from, 32)}};
}

// --- found

void FoundMarks::note(const Mark& mark) noexcept {
  std::optional<Mark>& newest = newest_[mark.number % LogFileLayout::kMarks];
  if (!newest || newest->number < mark.number) newest = mark;
}

bool FoundMarks::are_complete() const noexcept {
  return std::ranges::all_of(newest_, [](const auto& mark) { return mark.has_value(); });
}

LogPosition FoundMarks::synced() const noexcept {
  LogPosition synced;
  for (const auto& mark : newest_) {
    if (mark) synced = std::max(synced, mark->synced);
  }
  return synced;
}

std::uint64_t FoundMarks::next_number() const noexcept {
  std::uint64_t next = 0;
  for (const auto& mark : newest_) {
    if (mark) next = std::max(next, mark->number + 1);
  }
  return next;
}

// --- written

FileMarks::FileMarks(const LogFileLayout& layout, BlockDevice& device, Handler handler, void* owner)
    : layout_(layout),
      device_(device),
      handler_(handler),
      owner_(owner),
      blocks_{BlockWrite(*this), BlockWrite(*this), BlockWrite(*this), BlockWrite(*this)},
      poison_{BlockWrite(*this), BlockWrite(*this)} {}

void FileMarks::start(const FoundMarks& found) noexcept {
  next_number_ = found.next_number();
  both_ = !found.are_complete();
}

std::size_t FileMarks::write(LogPosition synced) {
  CORERING_ASSERT(in_flight_ == 0, "marks are written while others are under way");
  error_ = 0;
  const unsigned blocks = both_ ? 4 : 2;
  in_flight_ = blocks;
  write_pair(synced, blocks_[0], blocks_[1]);
  if (both_) write_pair(synced, blocks_[2], blocks_[3]);
  both_ = false;
  return blocks * kFileBlockBytes;
}

void FileMarks::write_pair(LogPosition synced, BlockWrite& first, BlockWrite& second) {
  const Mark mark{.number = next_number_++, .synced = synced};
  const std::size_t parity = mark.number % LogFileLayout::kMarks;
  write_mark(first.block, layout_.file_id, layout_.first_mark_offset(parity), mark);
  write_mark(second.block, layout_.file_id, layout_.second_mark_offset(parity), mark);
  first.mark.write(device_, layout_.first_mark_offset(parity), first.block);
  second.mark.write(device_, layout_.second_mark_offset(parity), second.block);
}

void FileMarks::on_written(int error) {
  if (error != 0) error_ = error;
  if (--in_flight_ == 0) handler_(owner_, error_);
}

void FileMarks::poison() {
  const Superblock superblock{.layout = layout_, .poisoned = true};
  write_superblock(poison_[0].block, superblock);
  write_superblock(poison_[1].block, superblock);
  poison_[0].poison.write(device_, 0, poison_[0].block);
  poison_[1].poison.write(device_, layout_.second_superblock_offset(), poison_[1].block);
}

bool FileMarks::is_idle() const noexcept {
  return in_flight_ == 0 && std::ranges::none_of(poison_, [](const BlockWrite& write) { return write.poison.in_flight(); });
}

}  // namespace corering::cache
