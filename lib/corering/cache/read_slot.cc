#include "corering/cache/read_slot.h"

#include <algorithm>
#include <cstring>

#include "corering/cache/placed_record.h"

namespace corering::cache {

namespace {

std::size_t round_down(std::size_t bytes) { return bytes / kFileBlockBytes * kFileBlockBytes; }
std::size_t round_up(std::size_t bytes) { return round_down(bytes + kFileBlockBytes - 1); }

}  // namespace

void ReadSlot::start(LogLocation location) {
  LogShared& shared = reader_.shared_;
  location_ = location;
  segment_ = shared.segments.segment_of(location);
  Segment& segment = shared.segments[segment_];
  generation_ = segment.generation;
  ++segment.reads;
  into_ = buffer_;
  in_flight_ = true;
  ++reader_.in_flight_;
  const std::size_t offset = shared.segments.offset_of(location);
  begin_ = round_down(offset);
  have_bytes_ = 0;
  read_blocks(begin_, std::min(round_up(offset + ColdReader::kFirstBytes), round_up(segment.used_bytes)));
}

void ReadSlot::read_blocks(std::size_t from, std::size_t end) {
  ask_bytes_ = end - from;
  reader_.shared_.counters.read_bytes.add(ask_bytes_);
  transfer_.read(reader_.file_.device(), reader_.shared_.layout.segment_offset(segment_) + from,
                 into_.subspan(from - begin_, ask_bytes_));
}

void ReadSlot::on_read(int error) {
  LogShared& shared = reader_.shared_;
  if (error != 0) {
    shared.counters.read_errors.add();
    reader_.count_error();
    return finish(ColdRead::Outcome::failed, std::nullopt);
  }
  reader_.errors_in_row_ = 0;
  have_bytes_ += ask_bytes_;
  const std::size_t skip = shared.segments.offset_of(location_) - begin_;
  const base::ByteView have = into_.first(have_bytes_).subspan(skip);
  if (reads_on(have)) return;
  // Meanwhile a clear, or an I/O error, may have taken the segment from the log.
  if (shared.segments.live_segment_of(location_) != segment_ || shared.segments[segment_].generation != generation_ ||
      reader_.file_.state() == FileState::off) {
    shared.counters.reads_stale.add();
    return finish(ColdRead::Outcome::gone, std::nullopt);
  }
  const auto record = verify_placed(have, place_salt(shared.layout.file_id, generation_, location_.byte_offset()));
  if (!record) shared.counters.reads_damaged.add();
  finish(record ? ColdRead::Outcome::record : ColdRead::Outcome::damaged, record);
}

// Starts another read if the record goes on behind what is there.
bool ReadSlot::reads_on(base::ByteView have) {
  LogShared& shared = reader_.shared_;
  const auto needed = RecordView::bytes_needed(have);
  if (!needed || *needed <= have.size()) return false;
  const std::size_t offset = shared.segments.offset_of(location_);
  const std::size_t end = round_up(offset + *needed);
  if (offset + *needed > shared.segments[segment_].used_bytes) return false;  // no record is that long: it is damaged
  if (end - begin_ > into_.size()) {
    frame_ = shared.frames.try_lend();
    if (frame_ == kNoFrame) {
      shared.counters.reads_refused.add();
      finish(ColdRead::Outcome::no_room, std::nullopt);
      return true;
    }
    into_ = shared.frames.bytes(frame_);
    std::memcpy(into_.data(), buffer_.data(), have_bytes_);
  }
  read_blocks(begin_ + have_bytes_, end);
  return true;
}

void ReadSlot::finish(ColdRead::Outcome outcome, std::optional<RecordView> record) {
  --reader_.shared_.segments[segment_].reads;
  --reader_.in_flight_;
  in_flight_ = false;
  ++holders_;  // the handlers may release, each for itself
  while (!readers_.empty()) {
    ColdRead& read = readers_.front();
    readers_.pop_front();
    read.record_ = record;
    if (!record) {
      read.slot_ = nullptr;
      --holders_;
    }
    reader_.end(read, outcome);
  }
  leave();
}

void ReadSlot::join(ColdRead& read) noexcept {
  ++holders_;
  read.slot_ = this;
  readers_.push_back(read);
}

void ReadSlot::leave() noexcept {
  if (--holders_ != 0 || in_flight_) return;
  if (frame_ != kNoFrame) reader_.shared_.frames.give_back(std::exchange(frame_, kNoFrame));
  reader_.release(*this);
}

}  // namespace corering::cache
