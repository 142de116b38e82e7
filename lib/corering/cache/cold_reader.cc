#include "corering/cache/cold_reader.h"

#include <algorithm>

#include "corering/cache/read_slot.h"

namespace corering::cache {

ColdRead::~ColdRead() { release(); }

const RecordView& ColdRead::record() const noexcept {
  CORERING_ASSERT(record_.has_value(), "a read is asked for a record that it does not have");
  return *record_;
}

void ColdRead::release() noexcept {
  if (reader_ != nullptr && outcome_ == Outcome::pending) {
    reader_->forget(*this);
  } else if (slot_ != nullptr) {
    slot_->leave();
  }
  slot_ = nullptr;
  reader_ = nullptr;
  record_.reset();
}

ColdReader::ColdReader(LogShared& shared, FileTier& file, base::MutableBytes buffers) : shared_(shared), file_(file) {
  for (std::size_t index = 0; index < shared.options.reads_in_flight_max; ++index) {
    slots_.push_back(std::make_unique<ReadSlot>(*this, buffers.subspan(index * kBufferBytes, kBufferBytes)));
    idle_.push_back(slots_.back().get());
  }
}

ColdReader::~ColdReader() {
  const bool held = std::ranges::any_of(slots_, [](const auto& slot) { return slot->is_held(); });
  CORERING_ASSERT(waiting_.empty() && ended_.empty() && !held, "a read outlives the log");
}

bool ColdReader::try_read(ColdRead& read, LogLocation location) {
  read.release();
  read.reader_ = this;
  read.location_ = location;
  read.outcome_ = ColdRead::Outcome::pending;
  shared_.counters.reads.add();
  const SegmentId id = shared_.segments.live_segment_of(location);
  if (id == kNoSegment || !shared_.segments.is_file(id) || shared_.segments[id].frame != kNoFrame ||
      file_.state() == FileState::off) {
    shared_.counters.reads_stale.add();
    ended_.push_back(read);
    return true;
  }
  if (try_start(read)) return true;
  if (waiting_count_ == shared_.options.reads_waiting_max) {
    shared_.counters.reads_refused.add();
    read.reader_ = nullptr;
    return false;
  }
  shared_.counters.reads_waited.add();
  waiting_.push_back(read);
  ++waiting_count_;
  return true;
}

ReadSlot* ColdReader::reading_at(LogLocation location) noexcept {
  if (in_flight_ == 0) return nullptr;
  const auto found =
      std::ranges::find_if(slots_, [&](const auto& slot) { return slot->in_flight() && slot->location() == location; });
  return found == slots_.end() ? nullptr : found->get();
}

bool ColdReader::try_start(ColdRead& read) {
  if (ReadSlot* slot = reading_at(read.location())) {
    shared_.counters.reads_joined.add();
    slot->join(read);
    return true;
  }
  if (idle_.empty()) return false;
  ReadSlot* slot = idle_.back();
  idle_.pop_back();
  slot->join(read);
  slot->start(read.location());
  return true;
}

bool ColdReader::step() {
  bool did = false;
  base::List<ColdRead, ColdReadTag> ended;
  ended.swap(ended_);
  while (!ended.empty()) {
    ColdRead& read = ended.front();
    ended.pop_front();
    end(read, ColdRead::Outcome::gone);
    did = true;
  }
  while (!waiting_.empty() && !idle_.empty()) {
    ColdRead& read = waiting_.front();
    waiting_.pop_front();
    --waiting_count_;
    const SegmentId id = shared_.segments.live_segment_of(read.location());
    if (id == kNoSegment || shared_.segments[id].frame != kNoFrame || file_.state() == FileState::off) {
      shared_.counters.reads_stale.add();
      end(read, ColdRead::Outcome::gone);
    } else {
      try_start(read);
    }
    did = true;
  }
  return did;
}

void ColdReader::end(ColdRead& read, ColdRead::Outcome outcome) {
  read.outcome_ = outcome;
  if (outcome != ColdRead::Outcome::record) read.reader_ = nullptr;
  read.handler_(read.owner_, read);
}

// Its owner lost interest: the read itself, if it has begun, goes on.
void ColdReader::forget(ColdRead& read) noexcept {
  if (read.slot_ != nullptr) {
    read.slot_->readers_.erase(read.slot_->readers_.iterator_to(read));
    read.slot_->leave();
  } else if (read.is_linked()) {
    // It stands in one of two lists; only one of them counts.
    const bool waits = std::ranges::any_of(waiting_, [&](const ColdRead& other) { return &other == &read; });
    auto& list = waits ? waiting_ : ended_;
    list.erase(list.iterator_to(read));
    if (waits) --waiting_count_;
  }
}

void ColdReader::release(ReadSlot& slot) noexcept { idle_.push_back(&slot); }

void ColdReader::count_error() {
  if (++errors_in_row_ == kErrorsInRowMax) file_.fail(FileState::off);
}

}  // namespace corering::cache
