#include "corering/cache/log_shared.h"

#include <cstring>

#include "corering/cache/compression.h"
#include "corering/cache/placed_record.h"

namespace corering::cache {

std::uint32_t LogShared::salt(SegmentId segment, std::size_t offset) const noexcept {
  return place_salt(layout.file_id, segments[segment].generation, segments.location(segment, offset).byte_offset());
}

std::size_t LogShared::place(SegmentId segment, std::size_t offset, const RecordView& record) noexcept {
  const base::MutableBytes room = frames.bytes(segments[segment].frame).subspan(offset);
  std::size_t bytes = 0;
  if (options.compress && !record.is_compressed() && record.value().size() >= options.compress_bytes_min &&
      record.value().size() <= options.compress_bytes_max) {
    bytes = compress_record(record, room.first(record.bytes()));
    if (bytes != 0) {
      counters.compressed_records.add();
      counters.compressed_saved_bytes.add(record.bytes() - bytes);
    }
  }
  if (bytes == 0) {
    bytes = record.bytes();
    std::memcpy(room.data(), record.whole().data(), bytes);
  }
  place_record(room.first(placed_bytes(bytes)), bytes, salt(segment, offset));
  return placed_bytes(bytes);
}

}  // namespace corering::cache
