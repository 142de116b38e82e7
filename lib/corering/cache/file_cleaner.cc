#include "corering/cache/file_cleaner.h"

#include "corering/cache/placed_record.h"

namespace corering::cache {

bool FileCleaner::step() {
  if (phase_ == Phase::idle && !begin()) return false;
  if (phase_ == Phase::walking) walk();
  return phase_ == Phase::walking || (phase_ == Phase::idle && file_.wants_cleaning());
}

bool FileCleaner::begin() {
  if (!file_.wants_cleaning()) return false;
  segment_ = file_.oldest();
  const Segment& segment = shared_.segments[segment_];
  const std::size_t filled = (segment.used_bytes + kFileBlockBytes - 1) / kFileBlockBytes * kFileBlockBytes;
  abandoned_ = false;
  in_batch_ = false;
  begun_ = false;
  if (segment.frame != kNoFrame) {
    pin_ = FramePin(shared_.frames, segment.frame);
    walk_.emplace(shared_.frames.bytes(segment.frame).first(filled), shared_.layout, segment_);
    phase_ = Phase::walking;
    return true;
  }
  frame_ = shared_.frames.try_lend();
  if (frame_ == kNoFrame) return false;
  const base::MutableBytes into = shared_.frames.bytes(frame_).first(filled);
  walk_.emplace(into, shared_.layout, segment_);
  phase_ = Phase::reading;
  transfer_.read(file_.device(), shared_.layout.segment_offset(segment_), into);
  return true;
}

void FileCleaner::on_read(int error) {
  if (abandoned_) return stop();
  phase_ = Phase::walking;
  if (error == 0) return;
  // Nobody knows whose records those were: following their locations the owner will find other records, or none.
  shared_.counters.read_errors.add();
  file_.retire_oldest();
  stop();
}

void FileCleaner::walk() {
  if (abandoned_) return stop();
  begun_ = true;
  const std::uint64_t generation = shared_.segments[segment_].generation;
  for (std::size_t done = 0; done < shared_.options.step_bytes_max;) {
    const auto record = in_batch_ ? walk_->next_record() : std::nullopt;
    if (record) {
      done += placed_bytes(record->bytes());
      settle(*record);
      if (abandoned_) return stop();
      continue;
    }
    if (in_batch_ && !walk_->is_whole()) shared_.counters.reads_damaged.add();
    in_batch_ = walk_->next_batch(generation);
    done += kFileBlockBytes / 4;
    if (in_batch_) continue;
    file_.retire_oldest();
    shared_.counters.file_cleaned_segments.add();
    return stop();
  }
}

void FileCleaner::settle(const RecordView& record) {
  // All that a tombstone deletes lay in older segments, and the last of those is gone.
  if (record.kind() != RecordKind::value) return;
  const LogLocation from = shared_.segments.location(segment_, walk_->record_offset());
  if (shared_.segments.live_segment_of(from) == kNoSegment) return;  // from before a clear
  const Fate fate = shared_.owner.on_clean(LogTier::file, from, record);
  if (fate == Fate::dead) return;
  LogLocation to;
  if (fate == Fate::memory) to = memory_.try_append(record);
  if (fate == Fate::file) {
    to = file_.try_append(record);
    if (to) shared_.counters.file_kept_bytes.add(placed_bytes(record.bytes()));
  }
  if (to) return shared_.owner.on_moved(record, from, to);
  shared_.counters.file_dropped_records.add();
  shared_.owner.on_dropped(record, from);
}

void FileCleaner::stop() noexcept {
  if (frame_ != kNoFrame) shared_.frames.give_back(frame_);
  frame_ = kNoFrame;
  pin_ = FramePin();
  walk_.reset();
  phase_ = Phase::idle;
}

}  // namespace corering::cache
