#include "corering/cache/memory_tier.h"

#include "corering/cache/file_tier.h"
#include "corering/cache/placed_record.h"

namespace corering::cache {

MemoryTier::MemoryTier(LogShared& shared, FileTier* file)
    : shared_(shared), file_(file), live_(shared.options.memory_segments), free_(shared.options.memory_segments) {
  for (std::size_t id = shared.segments.file_count(); id < shared.segments.count(); ++id) free_.push(static_cast<SegmentId>(id));
}

LogLocation MemoryTier::try_append(const RecordView& record) {
  const std::size_t need = placed_bytes(record.bytes());
  const std::size_t capacity = shared_.options.segment_bytes;
  if (need <= capacity) {
    SegmentId open = live_.empty() ? kNoSegment : live_.at(live_.size() - 1);
    if (open != kNoSegment && shared_.segments[open].state == Segment::State::open &&
        shared_.segments[open].used_bytes + need > capacity) {
      shared_.segments[open].state = Segment::State::sealed;
    }
    if (open == kNoSegment || shared_.segments[open].state != Segment::State::open) {
      open = open_segment() ? live_.at(live_.size() - 1) : kNoSegment;
    }
    if (open != kNoSegment) {
      Segment& segment = shared_.segments[open];
      const std::size_t offset = segment.used_bytes;
      const std::size_t placed = shared_.place(open, offset, record);
      segment.used_bytes += static_cast<std::uint32_t>(placed);
      shared_.counters.memory_appended_bytes.add(placed);
      return shared_.segments.location(open, offset);
    }
  }
  shared_.counters.memory_refused.add();
  return LogLocation::nowhere();
}

bool MemoryTier::open_segment() noexcept {
  if (free_.empty()) return false;
  const FrameId frame = shared_.frames.try_lend();
  if (frame == kNoFrame) return false;  // readers still pin what cleaning has freed
  const SegmentId id = free_.pop();
  shared_.segments[id] = {.generation = ++generation_, .frame = frame, .state = Segment::State::open};
  live_.push(id);
  return true;
}

bool MemoryTier::wants_cleaning() const noexcept {
  if (live_.empty()) return false;
  return draining_ || (free_.empty() && shared_.segments[live_.front()].state == Segment::State::sealed);
}

bool MemoryTier::step() {
  if (!cleaning_ && !wants_cleaning()) return false;
  const SegmentId id = live_.front();
  Segment& segment = shared_.segments[id];
  segment.state = Segment::State::sealed;  // a drain takes the open one, too
  cleaning_ = true;
  const base::ByteView bytes = shared_.frames.bytes(segment.frame);
  const std::size_t limit = clean_offset_ + shared_.options.step_bytes_max;
  while (clean_offset_ < segment.used_bytes && clean_offset_ < limit) {
    const RecordView record(bytes.data() + clean_offset_);
    const LogLocation from = shared_.segments.location(id, clean_offset_);
    clean_offset_ += placed_bytes(record.bytes());
    settle(from, record);
    if (!cleaning_) return true;  // the owner cleared the log
  }
  if (clean_offset_ >= segment.used_bytes) finish_oldest();
  return cleaning_ || wants_cleaning();
}

void MemoryTier::settle(LogLocation from, const RecordView& record) {
  const Fate fate = shared_.owner.on_clean(LogTier::memory, from, record);
  if (fate == Fate::dead) return;
  LogLocation to;
  if (fate == Fate::memory && !draining_) to = try_append(record);
  if ((fate == Fate::file || (fate == Fate::memory && draining_)) && file_ != nullptr) {
    to = file_->try_append(record);
    if (to) shared_.counters.memory_to_file_records.add();
  }
  if (to) return shared_.owner.on_moved(record, from, to);
  shared_.counters.memory_dropped_records.add();
  shared_.owner.on_dropped(record, from);
}

void MemoryTier::finish_oldest() noexcept {
  const SegmentId id = live_.pop();
  shared_.frames.give_back(shared_.segments[id].frame);
  shared_.segments[id].frame = kNoFrame;
  shared_.segments[id].state = Segment::State::free;
  free_.push(id);
  clean_offset_ = 0;
  cleaning_ = false;
  shared_.counters.memory_cleaned_segments.add();
}

void MemoryTier::clear() noexcept {
  while (!live_.empty()) {
    const SegmentId id = live_.pop();
    shared_.frames.give_back(shared_.segments[id].frame);
    shared_.segments[id].frame = kNoFrame;
    shared_.segments[id].state = Segment::State::free;
    free_.push(id);
  }
  clean_offset_ = 0;
  cleaning_ = false;
}

std::size_t MemoryTier::live_bytes() const noexcept {
  std::size_t bytes = 0;
  for (std::size_t index = 0; index < live_.size(); ++index) bytes += shared_.segments[live_.at(index)].used_bytes;
  return bytes;
}

}  // namespace corering::cache
