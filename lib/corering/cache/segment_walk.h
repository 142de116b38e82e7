// SegmentWalk: the batches and records of a segment of the file, read from its bytes, which may be damaged anywhere.
//
// Finds every batch header that was written for this place, also behind damage: a piece that is missing shows as a gap in the batch
// numbers, or as a batch that is not whole.
//
// Thread: any. Lifetime: the bytes outlive it and its views. Cost: next_record the CRC32C of the record; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/cache/batch.h"
#include "corering/cache/log_file_layout.h"
#include "corering/cache/record.h"

namespace corering::cache {

class SegmentWalk {
 public:
  // `bytes`: the segment's, or as many of them as are filled. `segment`: its number in the file.
  SegmentWalk(base::ByteView bytes, const LogFileLayout& layout, std::uint64_t segment) noexcept
      : bytes_(bytes), layout_(layout), segment_(segment) {}

  // Goes to the next batch of this generation. False if there is none.
  bool next_batch(std::uint64_t generation) noexcept;
  const BatchHeader& header() const noexcept { return header_; }

  // Where the batch found last ends in the segment.
  std::size_t batch_end() const noexcept { return batch_offset_ + header_.file_bytes(); }

  // The next record of the batch. Nothing at its end, or where it is damaged: is_whole() tells.
  std::optional<RecordView> next_record() noexcept;
  std::size_t record_offset() const noexcept { return record_offset_; }  // of the record returned last

  // All records of the batch have been returned, and they fill it.
  bool is_whole() const noexcept { return records_left_ == 0 && cursor_ == payload_end_; }

  // Back to the first record of the batch.
  void rewind_batch() noexcept;

 private:
  const base::ByteView bytes_;
  const LogFileLayout layout_;
  const std::uint64_t segment_;
  BatchHeader header_;
  std::size_t next_offset_ = 0;  // where the next header is looked for
  std::size_t batch_offset_ = 0;
  std::size_t cursor_ = 0;
  std::size_t payload_end_ = 0;
  std::size_t record_offset_ = 0;
  std::uint32_t records_left_ = 0;
};

}  // namespace corering::cache
