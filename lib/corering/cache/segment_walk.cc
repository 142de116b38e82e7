#include "corering/cache/segment_walk.h"

#include "corering/cache/placed_record.h"

namespace corering::cache {

bool SegmentWalk::next_batch(std::uint64_t generation) noexcept {
  const std::uint64_t begin = layout_.segment_offset(segment_);
  for (; next_offset_ + BatchHeader::kBytes <= bytes_.size(); next_offset_ += kFileBlockBytes) {
    const auto header = read_batch_header(bytes_.subspan(next_offset_), layout_.file_id, begin + next_offset_);
    if (!header || header->position.generation != generation) continue;
    if (header->payload_bytes > bytes_.size() - next_offset_ - BatchHeader::kBytes) continue;
    header_ = *header;
    batch_offset_ = next_offset_;
    next_offset_ = batch_end();
    rewind_batch();
    return true;
  }
  return false;
}

void SegmentWalk::rewind_batch() noexcept {
  cursor_ = batch_offset_ + BatchHeader::kBytes;
  payload_end_ = cursor_ + header_.payload_bytes;
  records_left_ = header_.record_count;
}

std::optional<RecordView> SegmentWalk::next_record() noexcept {
  if (records_left_ == 0 || cursor_ >= payload_end_) return std::nullopt;
  const std::uint64_t place = segment_ * layout_.segment_bytes + cursor_;
  const auto record = verify_placed(bytes_.subspan(cursor_, payload_end_ - cursor_),
                                    place_salt(layout_.file_id, header_.position.generation, place));
  if (!record) return std::nullopt;
  record_offset_ = cursor_;
  cursor_ += placed_bytes(record->bytes());
  --records_left_;
  return record;
}

}  // namespace corering::cache
