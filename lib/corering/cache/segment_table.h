// SegmentTable: what the log knows of each of its segments: where it is, which generation it holds, how far it is filled.
//
// Segments of the file come first and are numbered by their place in it; segments of the memory tier follow. A generation numbers the
// uses of segments in the order in which they were opened, and is never used again: it goes into the checksum of every record, so
// that what an earlier use left at the same place is not taken for a record of this one.
//
// Thread: owning core only. Cost: O(1); 48 bytes per segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "corering/base/bytes.h"
#include "corering/cache/log_location.h"
#include "corering/cache/segment_frames.h"

namespace corering::cache {

using SegmentId = std::uint32_t;
inline constexpr SegmentId kNoSegment = UINT32_MAX;

struct Segment {
  enum class State : std::uint8_t {
    free,
    open,         // filled
    sealed,       // full; of the file: written, or being written
    quarantined,  // of the file: nothing in it counts any more, but a crash could still bring it back until the next sync point
  };

  std::uint64_t generation = 0;
  std::uint32_t used_bytes = 0;   // records lie below
  std::uint32_t live_offset = 0;  // records below are forgotten
  FrameId frame = kNoFrame;       // its bytes in memory
  std::uint32_t writes = 0;       // of it that the device holds
  std::uint32_t reads = 0;        // the same
  State state = State::free;

  bool is_live() const noexcept { return state == State::open || state == State::sealed; }
};

class SegmentTable {
 public:
  SegmentTable(std::size_t segment_bytes, std::size_t file_count, std::size_t memory_count)
      : segment_bytes_(segment_bytes), file_count_(file_count), segments_(file_count + memory_count) {}

  Segment& operator[](SegmentId id) noexcept { return segments_[id]; }
  const Segment& operator[](SegmentId id) const noexcept { return segments_[id]; }

  std::size_t segment_bytes() const noexcept { return segment_bytes_; }
  std::size_t file_count() const noexcept { return file_count_; }
  std::size_t count() const noexcept { return segments_.size(); }
  bool is_file(SegmentId id) const noexcept { return id < file_count_; }

  LogLocation location(SegmentId id, std::size_t offset) const noexcept {
    return {(id * std::uint64_t{segment_bytes_} + offset) / LogLocation::kUnitBytes};
  }
  // kNoSegment for a location that no segment covers.
  SegmentId segment_of(LogLocation location) const noexcept {
    const std::uint64_t id = location.byte_offset() / segment_bytes_;
    return id < segments_.size() ? static_cast<SegmentId>(id) : kNoSegment;
  }
  std::uint32_t offset_of(LogLocation location) const noexcept {
    return static_cast<std::uint32_t>(location.byte_offset() % segment_bytes_);
  }

  // The segment, if a record may lie at this location.
  SegmentId live_segment_of(LogLocation location) const noexcept {
    const SegmentId id = segment_of(location);
    if (id == kNoSegment || !segments_[id].is_live()) return kNoSegment;
    const std::uint32_t offset = offset_of(location);
    return offset >= segments_[id].live_offset && offset < segments_[id].used_bytes ? id : kNoSegment;
  }

 private:
  const std::size_t segment_bytes_;
  const std::size_t file_count_;
  std::vector<Segment> segments_;
};

}  // namespace corering::cache
