#include "corering/cache/recovery.h"

#include <algorithm>

namespace corering::cache {

namespace {

constexpr std::size_t kBlockReads = 32;
constexpr std::size_t kSegmentReads = 3;
constexpr std::size_t kDeliveredPerStep = 4096;
constexpr std::uint64_t kProgressBytes = std::uint64_t{64} << 20;

}  // namespace

Recovery::Recovery(LogShared& shared, FileTier& file, BlockDevice& device)
    : shared_(shared), file_(file), device_(device), replay_(shared), blocks_(kBlockReads * kFileBlockBytes) {
  for (std::size_t index = 0; index < kBlockReads; ++index) reads_.push_back(std::make_unique<Read>());
  while (frames_.size() < kSegmentReads) {
    const FrameId frame = shared_.frames.try_lend();
    if (frame == kNoFrame) break;
    frames_.push_back(frame);
  }
  CORERING_ASSERT(!frames_.empty(), "a log with a file has frames");
}

Recovery::~Recovery() {
  for (const FrameId frame : frames_) shared_.frames.give_back(frame);
}

bool Recovery::is_idle() const noexcept {
  return !sync_.in_flight() && std::ranges::none_of(reads_, [](const auto& read) { return read->transfer.in_flight(); });
}

bool Recovery::step() {
  if (phase_ == Phase::done) return false;
  if (phase_ == Phase::deliver) return deliver();
  if (phase_ == Phase::begin) {
    phase_ = Phase::syncing;
    sync_.sync(device_);
  }
  if (phase_ == Phase::syncing) return false;
  start_reads();
  // One large piece per step, or all small ones that are there.
  const std::size_t most = phase_ == Phase::newest || phase_ == Phase::replay ? 1 : kBlockReads;
  std::size_t taken = 0;
  for (; taken < most && next_take_ < next_start_; ++taken) {
    Read& read = *reads_[next_take_ % reads_.size()];
    if (!read.ready) break;
    read.ready = false;
    ++next_take_;
    take(read);
  }
  if (next_take_ == numbers()) {
    end_phase();
    return true;
  }
  start_reads();
  return taken != 0;
}

void Recovery::on_device_synced(int error) {
  phase_ = Phase::marks;
  shared_.counters.device_syncs.add();
  if (error == 0) return;
  // What will be found may be gone after the next power failure: nothing is built on it.
  shared_.counters.sync_errors.add();
  is_durable_ = false;
}

std::size_t Recovery::numbers() const noexcept {
  switch (phase_) {
    case Phase::marks: return 2 * LogFileLayout::kMarks;
    case Phase::headers: return shared_.layout.segment_count;
    default: return pieces_.size();
  }
}

void Recovery::start_reads() {
  const bool large = phase_ == Phase::newest || phase_ == Phase::replay;
  const std::size_t depth = large ? frames_.size() : kBlockReads;
  while (next_start_ < numbers() && next_start_ - next_take_ < depth) {
    Read& read = *reads_[next_start_ % reads_.size()];
    read.number = next_start_;
    read.bytes = large ? shared_.frames.bytes(frames_[next_start_ % depth])
                       : base::MutableBytes(blocks_).subspan(next_start_ % depth * kFileBlockBytes, kFileBlockBytes);
    ++next_start_;
    start_read(read);
  }
}

void Recovery::start_read(Read& read) {
  const LogFileLayout& layout = shared_.layout;
  std::uint64_t offset = 0;
  switch (phase_) {
    case Phase::marks:
      offset = read.number < LogFileLayout::kMarks ? layout.first_mark_offset(read.number)
                                                   : layout.second_mark_offset(read.number - LogFileLayout::kMarks);
      break;
    case Phase::headers: offset = layout.segment_offset(read.number); break;
    default: offset = layout.segment_offset(pieces_[read.number].segment); break;
  }
  read.offset = offset;
  read.transfer.read(device_, offset, read.bytes);
}

void Recovery::take(const Read& read) {
  shared_.counters.recovered_bytes.add(read.bytes.size());
  if (read.error != 0) shared_.counters.read_errors.add();
  switch (phase_) {
    case Phase::marks:
      if (read.error != 0) return;
      if (const auto mark = read_mark(read.bytes, shared_.layout.file_id, read.offset)) marks_.note(*mark);
      return;
    case Phase::headers: return take_header(read);
    case Phase::newest: return take_newest(read);
    default: return take_piece(read);
  }
}

void Recovery::take_header(const Read& read) {
  if (read.error != 0) return;
  const auto segment = static_cast<SegmentId>(read.number);
  const auto header = read_batch_header(read.bytes, shared_.layout.file_id, shared_.layout.segment_offset(segment));
  if (!header) return;
  replay_.note(*header);
  pieces_.push_back({header->position.generation, segment});
}

// Only those at the end can know of a later sync point, and of a later tail, than the first blocks do.
void Recovery::take_newest(const Read& read) {
  const Piece& piece = pieces_[read.number];
  SegmentWalk walk(read.error == 0 ? read.bytes : base::MutableBytes(), shared_.layout, piece.segment);
  while (walk.next_batch(piece.generation)) replay_.note(walk.header());
}

void Recovery::take_piece(const Read& read) {
  const Piece& piece = pieces_[read.number];
  replay_.apply(piece.segment, piece.generation, read.error == 0 ? read.bytes : base::MutableBytes());
  report_progress();
}

void Recovery::end_phase() {
  const auto first_from = [&](std::uint64_t generation) {
    return static_cast<std::size_t>(std::ranges::lower_bound(pieces_, generation, {}, &Piece::generation) - pieces_.begin());
  };
  switch (phase_) {
    case Phase::marks: replay_.note_marks(is_durable_ ? marks_ : FoundMarks()); return enter(Phase::headers, 0);
    case Phase::headers:
      std::ranges::sort(pieces_, {}, &Piece::generation);
      return enter(Phase::newest, first_from(replay_.synced().generation));
    case Phase::newest:
      replay_.begin();
      enter(Phase::replay, first_from(replay_.first_generation()));
      bytes_total_ = (pieces_.size() - next_take_) * shared_.layout.segment_bytes;
      return;
    default: replay_.finish(); return enter(Phase::deliver, 0);
  }
}

void Recovery::enter(Phase phase, std::size_t first) {
  phase_ = phase;
  next_start_ = next_take_ = first;
}

void Recovery::report_progress() {
  const std::uint64_t done = bytes_total_ - (pieces_.size() - next_take_) * shared_.layout.segment_bytes;
  if (done - bytes_reported_ < kProgressBytes) return;
  bytes_reported_ = done;
  shared_.owner.on_recovery_progress(done, bytes_total_);
}

bool Recovery::deliver() {
  const bool more = replay_.table().visit_some(cursor_, kDeliveredPerStep, [&](std::uint64_t hash, LogLocation location) {
    if (!replay_.is_current(location)) return;  // its segment was being cleaned
    shared_.counters.recovered_records.add();
    shared_.owner.on_recovered({hash, location});
  });
  if (!more) hand_over();
  return true;
}

// Writing goes on behind the newest segment, in the order of the file.
void Recovery::hand_over() {
  const std::size_t count = shared_.layout.segment_count;
  SegmentQueue live(count);
  SegmentQueue free(count);
  SegmentId newest = static_cast<SegmentId>(count - 1);
  for (const Piece& piece : pieces_) {
    if (!shared_.segments[piece.segment].is_live() || shared_.segments[piece.segment].generation != piece.generation) continue;
    live.push(piece.segment);
    newest = piece.segment;
  }
  for (std::size_t step = 1; step <= count; ++step) {
    const auto id = static_cast<SegmentId>((newest + step) % count);
    if (!shared_.segments[id].is_live()) free.push(id);
  }
  const std::uint64_t sequence_max = replay_.sequence_max();
  file_.start(replay_.ends(), live, free);
  phase_ = Phase::done;
  shared_.owner.on_recovery_ended(sequence_max);
}

}  // namespace corering::cache
