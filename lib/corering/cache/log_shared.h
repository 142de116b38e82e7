// LogShared: what the parts of a log have in common. Private to the room.
#pragma once

#include <cstddef>
#include <cstdint>

#include "corering/cache/log_counters.h"
#include "corering/cache/log_file_layout.h"
#include "corering/cache/log_options.h"
#include "corering/cache/log_owner.h"
#include "corering/cache/record.h"
#include "corering/cache/segment_frames.h"
#include "corering/cache/segment_table.h"

namespace corering::cache {

struct LogShared {
  LogShared(const LogOptions& log_options, LogOwner& log_owner, const LogFileLayout& file_layout, base::MutableBytes memory)
      : options(log_options),
        owner(log_owner),
        layout(file_layout),
        segments(log_options.segment_bytes, file_layout.segment_count, log_options.memory_segments),
        frames(memory, log_options.segment_bytes) {}

  std::uint32_t salt(SegmentId segment, std::size_t offset) const noexcept;

  // Copies a record, compressed if the options say so and it helps, into the segment's frame. Returns the bytes that it takes there.
  // Requires: placed_bytes(record.bytes()) fit.
  std::size_t place(SegmentId segment, std::size_t offset, const RecordView& record) noexcept;

  const LogOptions options;
  LogOwner& owner;
  const LogFileLayout layout;  // no segments if there is no file; the file id is random all the same
  SegmentTable segments;
  SegmentFrames frames;
  LogCounters counters;
};

}  // namespace corering::cache
