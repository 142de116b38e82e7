#include "corering/cache/file_tier.h"

#include <algorithm>

#include "corering/cache/placed_record.h"
#include "corering/cache/sync_points.h"

namespace corering::cache {

namespace {

constexpr std::size_t kReservedSegments = 2;
constexpr std::size_t kHeldBytesMax = std::size_t{4} << 20;  // of tombstones that wait for the disk: some ten thousand

std::size_t round_to_block(std::size_t bytes) { return (bytes + kFileBlockBytes - 1) / kFileBlockBytes * kFileBlockBytes; }

}  // namespace

FileTier::FileTier(LogShared& shared, BlockDevice& device)
    : shared_(shared),
      device_(device),
      marks_(
          shared.layout, device, [](void* self, int error) { static_cast<FileTier*>(self)->on_marked(error); }, this),
      live_(shared.layout.segment_count),
      free_(shared.layout.segment_count),
      quarantined_(shared.layout.segment_count) {
  // Every staged segment has its last write; the others belong to one sync point at a time.
  const std::size_t count = shared.options.staging_segments * 2 + 4;
  for (std::size_t index = 0; index < count; ++index) {
    idle_writes_.push_back(all_writes_.emplace_back(std::make_unique<Write>(*this)).get());
  }
}

FileTier::~FileTier() = default;

void FileTier::start(const LogEnds& ends, const SegmentQueue& live, const SegmentQueue& free) {
  tail_ = ends.tail;
  synced_ = ends.synced;
  previous_end_ = ends.end;
  run_generation_ = ends.run_generation;
  tail_written_ = ends.tail_on_file;
  position_ = {ends.run_generation, 0};
  live_ = live;
  free_ = free;
  marks_.start(ends.marks);
  state_ = FileState::healthy;
}

// Before the first batch of this run the log ends where the run before ended.
LogPosition FileTier::next_position() const noexcept {
  return position_ == LogPosition{run_generation_, 0} ? previous_end_ : position_;
}

LogLocation FileTier::try_append(const RecordView& record, Priority priority) {
  if (append_held()) return append(record, priority);
  shared_.counters.file_refused.add();
  return LogLocation::nowhere();
}

bool FileTier::try_bury(const RecordView& tombstone) {
  if (append_held() && append(tombstone, Priority::tombstone)) return true;
  // With segments to spare it is the disk that is waited for.
  const bool is_disk_behind = has_segment_for(Priority::tombstone);
  if (!is_healthy() || !is_disk_behind || held_bytes_ + tombstone.bytes() > kHeldBytesMax) return false;
  const base::ByteView whole = tombstone.whole();
  held_.emplace_back(whole.begin(), whole.end());
  held_bytes_ += whole.size();
  shared_.counters.tombstones_held.add();
  return true;
}

bool FileTier::append_held() {
  while (!held_.empty()) {
    const RecordView tombstone(held_.front().data());
    if (!append(tombstone, Priority::tombstone)) return false;
    if (held_.empty()) break;  // a write failed at once
    held_bytes_ -= held_.front().size();
    held_.pop_front();
  }
  return true;
}

LogLocation FileTier::append(const RecordView& record, Priority priority) {
  const std::size_t need = placed_bytes(record.bytes());
  const std::size_t capacity = shared_.options.segment_bytes;
  if (is_healthy() && BatchHeader::kBytes + need <= capacity) {
    if (open_ != kNoSegment && cursor_ + need > capacity) seal();
    if (open_ != kNoSegment || open_segment(priority)) {
      const std::size_t offset = cursor_;
      const std::size_t placed = shared_.place(open_, offset, record);
      cursor_ += placed;
      ++batch_records_;
      shared_.segments[open_].used_bytes = static_cast<std::uint32_t>(cursor_);
      shared_.counters.file_appended_bytes.add(placed);
      return shared_.segments.location(open_, offset);
    }
  }
  shared_.counters.file_refused.add();
  return LogLocation::nowhere();
}

bool FileTier::open_segment(Priority priority) {
  const std::size_t staging_reserve = priority == Priority::normal ? 1 : 0;
  if (!has_segment_for(priority)) return false;
  if (staged_ + staging_reserve >= shared_.options.staging_segments) return false;
  const FrameId frame = shared_.frames.try_lend();
  if (frame == kNoFrame) return false;
  ++staged_;
  open_ = free_.pop();
  shared_.segments[open_] = {.generation = position_.generation, .frame = frame, .state = Segment::State::open};
  live_.push(open_);
  batch_offset_ = 0;
  cursor_ = BatchHeader::kBytes;
  batch_records_ = 0;
  return true;
}

// A last batch without records is written if the one before did not know that it was the last.
void FileTier::seal() {
  if (batch_records_ != 0 || batch_offset_ != 0) close_batch(true);
}

void FileTier::close_batch(bool last) {
  const SegmentId id = open_;
  Segment& segment = shared_.segments[id];
  const base::MutableBytes bytes = shared_.frames.bytes(segment.frame);
  const std::size_t begin = batch_offset_;
  const std::size_t end = round_to_block(cursor_);
  last = last || end == bytes.size();
  const BatchHeader header{.position = position_,
                           .payload_bytes = static_cast<std::uint32_t>(cursor_ - begin - BatchHeader::kBytes),
                           .record_count = batch_records_,
                           .last = last,
                           .tail = tail_written_,
                           .synced = synced_,
                           .run_generation = run_generation_,
                           .previous_end = previous_end_};
  write_batch_header(bytes.subspan(begin), header, shared_.layout.file_id, shared_.layout.segment_offset(id) + begin);
  std::ranges::fill(bytes.subspan(cursor_, end - cursor_), std::byte{0});
  segment.used_bytes = static_cast<std::uint32_t>(cursor_);
  batch_records_ = 0;
  if (last) {
    segment.state = segment.state == Segment::State::open ? Segment::State::sealed : segment.state;
    position_ = {position_.generation + 1, 0};
    open_ = kNoSegment;
  } else {
    ++position_.batch;
    batch_offset_ = end;
    cursor_ = end + BatchHeader::kBytes;
  }
  start_write(id, begin, end - begin);
}

bool FileTier::close_for_sync() {
  const bool has_records = open_ != kNoSegment && batch_records_ != 0;
  // The first sync point makes this run known, and what the recovery gave up.
  if (!has_records && tail_ == tail_written_ && position_ != LogPosition{run_generation_, 0}) return true;
  if (open_ == kNoSegment && !open_segment(Priority::sync)) return false;
  tail_written_ = tail_;
  close_batch(false);
  return true;
}

void FileTier::start_write(SegmentId id, std::size_t offset, std::size_t bytes) {
  CORERING_ASSERT(!idle_writes_.empty(), "more writes than segments and sync points can have");
  Write& write = *idle_writes_.back();
  idle_writes_.pop_back();
  Segment& segment = shared_.segments[id];
  write.segment = id;
  write.epoch = epoch_;
  ++segment.writes;
  ++writes_[epoch_];
  shared_.counters.file_written_bytes.add(bytes);
  write.transfer.write(device_, shared_.layout.segment_offset(id) + offset,
                       shared_.frames.bytes(segment.frame).subspan(offset, bytes));
}

void FileTier::on_written(Write& write, int error) {
  Segment& segment = shared_.segments[write.segment];
  --segment.writes;
  --writes_[write.epoch];
  idle_writes_.push_back(&write);
  if (error != 0) {
    shared_.counters.write_errors.add();
    fail(FileState::read_only);
  }
  // What could not be written stays in memory and is served from there.
  if (is_healthy() && segment.writes == 0 && segment.state != Segment::State::open) release_frame(segment);
  sync_points_->on_write_ended();
}

void FileTier::on_marked(int error) {
  if (error != 0) {
    shared_.counters.write_errors.add();
    fail(FileState::read_only);
  }
  sync_points_->on_marked();
}

void FileTier::release_frame(Segment& segment) noexcept {
  shared_.frames.give_back(segment.frame);
  segment.frame = kNoFrame;
  --staged_;
}

void FileTier::forget() {
  if (!is_healthy()) return;
  held_.clear();  // what they bury is forgotten
  held_bytes_ = 0;
  if (open_ != kNoSegment && batch_records_ != 0) close_batch(false);
  tail_ = position_;
  const std::size_t count = live_.size();
  for (std::size_t index = 0; index < count; ++index) {
    const SegmentId id = live_.pop();
    if (id == open_) {
      live_.push(id);
      shared_.segments[id].live_offset = static_cast<std::uint32_t>(cursor_);
    } else {
      shared_.segments[id].state = Segment::State::quarantined;
      quarantined_.push(id);
    }
  }
}

void FileTier::retire_oldest() {
  const SegmentId id = live_.pop();
  tail_ = std::max(tail_, LogPosition{shared_.segments[id].generation + 1, 0});
  shared_.segments[id].state = Segment::State::quarantined;
  quarantined_.push(id);
}

void FileTier::on_synced(LogPosition position, std::uint64_t released_total) {
  synced_ = std::max(synced_, position);
  released_total_ = released_total;
  release_quarantined();
}

void FileTier::release_quarantined() noexcept {
  while (freed_total_ < released_total_) {
    Segment& segment = shared_.segments[quarantined_.front()];
    if (segment.reads != 0 || segment.writes != 0) return;  // a reader must not meet the next use
    if (segment.frame != kNoFrame) release_frame(segment);
    segment.state = Segment::State::free;
    free_.push(quarantined_.pop());
    ++freed_total_;
  }
}

bool FileTier::wants_cleaning() const noexcept {
  const std::size_t wanted = std::clamp<std::size_t>(shared_.layout.segment_count / 16, 2, 8) + kReservedSegments;
  return is_healthy() && free_.size() + quarantined_.size() < wanted && !live_.empty() && live_.front() != open_;
}

bool FileTier::wants_free() const noexcept {
  return is_healthy() && !quarantined_.empty() && free_.size() <= kReservedSegments + 1;
}

void FileTier::fail(FileState state) {
  if (state_ == state || state_ == FileState::off) return;
  const bool first = state_ != FileState::read_only;
  state_ = state;
  held_.clear();  // a file that has failed is never believed again
  held_bytes_ = 0;
  if (first) marks_.poison();
  shared_.owner.on_file_state(state);
}

}  // namespace corering::cache
