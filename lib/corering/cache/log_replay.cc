#include "corering/cache/log_replay.h"

#include <algorithm>

namespace corering::cache {

namespace {

// Generations that a crash kept us from seeing are not used again: no run has so many segments under way.
constexpr std::uint64_t kUnseenGenerations = 1024;

LogPosition behind(const BatchHeader& header) {
  if (header.last) return {header.position.generation + 1, 0};
  return {header.position.generation, header.position.batch + 1};
}

}  // namespace

void LogReplay::note(const BatchHeader& header) {
  note_synced(header.synced);
  generation_max_ = std::max({generation_max_, header.position.generation, header.run_generation});
  const auto known = std::ranges::find_if(runs_, [&](const Run& run) { return run.generation == header.run_generation; });
  if (known == runs_.end()) runs_.push_back({header.previous_end, header.run_generation});
  tails_.push_back({header.position, header.tail});
}

// A tail is to be believed only if all that was moved away from before it has survived: certain below the last sync point, found out by
// apply above it. But a batch that a crash cut off the log may have reached the disk nevertheless; it lies below the last sync point of
// the runs since, and knows nothing of the log that they have gone on with.
void LogReplay::begin() {
  for (const Tail& each : tails_) {
    if (each.position < synced_ && !is_void(each.position)) start_ = std::max(start_, each.tail);
  }
  tails_ = {};
  expected_ = normal_end_ = tail_ = start_;
}

bool LogReplay::is_void(LogPosition position) const noexcept {
  return std::ranges::any_of(runs_, [&](const Run& run) {
    const LogPosition begin{run.generation, 0};
    return run.previous_end <= position && position < begin && begin < synced_;
  });
}

void LogReplay::note_marks(const FoundMarks& found) {
  marks_ = found;
  note_synced(found.synced());
}

void LogReplay::apply(SegmentId id, std::uint64_t generation, base::ByteView bytes) {
  SegmentWalk walk(bytes, shared_.layout, id);
  bool counts = false;
  while (!ended_ && walk.next_batch(generation)) {
    if (!reaches(walk.header())) continue;
    while (walk.next_record()) {
    }
    const BatchHeader& header = walk.header();
    if (!walk.is_whole()) {
      if (miss(header.position, behind(header))) continue;
      break;
    }
    if (!counts) shared_.segments[id] = {.generation = generation, .state = Segment::State::sealed};
    counts = true;
    walk.rewind_batch();
    apply_batch(id, walk);
    expected_ = normal_end_ = behind(header);
  }
  if (counts) applied_.push_back(id);
}

bool LogReplay::reaches(const BatchHeader& header) {
  for (;;) {
    jump_to_next_run();
    if (header.position < expected_) return false;  // before the tail, or void
    if (header.position == expected_) return true;
    if (!miss(expected_, header.position)) return false;
  }
}

// Behind the end of a run comes the first batch of the next, and the latest if several began there. A tail may point behind that end, for
// the segment in which it lies was cleaned whole.
void LogReplay::jump_to_next_run() noexcept {
  std::uint64_t next = 0;
  for (const Run& run : runs_) {
    if (run.previous_end <= expected_) next = std::max(next, run.generation);
  }
  if (next > expected_.generation) expected_ = {next, 0};
}

// Nothing is known of what lies between the two. False if that is the end of the log.
bool LogReplay::miss(LogPosition missing, LogPosition next) {
  if (missing >= synced_) {
    ended_ = true;
    return false;
  }
  misses_.push_back({missing, table_.size()});
  table_.clear();
  // For good: at the next start the piece might be readable again. Behind the sync point the log has an end where a batch is missing,
  // damage before it or not: what lies there may be what an earlier crash had cut off.
  expected_ = normal_end_ = tail_ = std::max(std::min(next, synced_), tail_);
  return true;
}

void LogReplay::apply_batch(SegmentId id, SegmentWalk& walk) {
  const BatchHeader& header = walk.header();
  tail_ = std::max(tail_, header.tail);
  tail_on_file_ = std::max(tail_on_file_, header.tail);
  batches_.push_back({header.position, static_cast<std::uint32_t>(walk.batch_end() - header.file_bytes())});
  while (const auto record = walk.next_record()) {
    sequence_max_ = std::max(sequence_max_, record->sequence());
    const std::uint64_t hash = hash_(record->key());
    if (record->kind() == RecordKind::value && !record->is_expired(shared_.options.now_ms)) {
      table_.set(hash, shared_.segments.location(id, walk.record_offset()));
    } else {
      table_.erase(hash);
    }
  }
  shared_.segments[id].used_bytes = static_cast<std::uint32_t>(walk.batch_end());
}

// Whatever is there is older than what may be missing.
void LogReplay::forget_all() {
  if (generation_max_ != 0) shared_.counters.recovery_damaged_pieces.add();
  tail_ = normal_end_ = {seen_generation() + 1, 0};
}

void LogReplay::finish() {
  if (!marks_.are_complete()) return forget_all();
  jump_to_next_run();
  if (expected_ < synced_ && !ended_) {
    miss(expected_, synced_);
    normal_end_ = synced_;
  }
  for (const Miss& each : misses_) {
    // Before the tail it was cleaned, and written over after a sync point of which only that tail is left: no damage.
    if (each.position < tail_on_file_) continue;
    shared_.counters.recovery_damaged_pieces.add();
    shared_.counters.recovery_forgotten_records.add(each.records);
  }
  for (const SegmentId id : applied_) {
    Segment& segment = shared_.segments[id];
    // Cleaned before the crash; or forgotten because of a clear, or of damage.
    if (segment.generation < tail_.generation) segment = {};
    if (segment.generation != tail_.generation) continue;
    const auto first = std::ranges::lower_bound(batches_, tail_, {}, &Batch::position);
    segment.live_offset =
        first != batches_.end() && first->position.generation == tail_.generation ? first->offset : segment.used_bytes;
  }
}

std::uint64_t LogReplay::seen_generation() const noexcept {
  return std::max({generation_max_, synced_.generation, tail_.generation});
}

LogEnds LogReplay::ends() const noexcept {
  return {.tail = tail_,
          .tail_on_file = tail_on_file_,
          .end = normal_end_,
          .synced = synced_,
          .run_generation = seen_generation() + kUnseenGenerations,
          .marks = marks_};
}

}  // namespace corering::cache
