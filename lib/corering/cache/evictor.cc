#include "corering/cache/evictor.h"

#include <cstring>

#include "corering/base/assert.h"

namespace corering::cache {

namespace {

constexpr std::size_t kMainPercent = 90;     // of the budget: beyond it main evicts, else small
constexpr std::size_t kLivePercentMax = 90;  // beyond it items leave; below it holes are compacted
constexpr std::size_t kHolePercentMin = 5;   // of the budget, for compaction to be worth it
constexpr std::uint32_t kHitsToMain = 1;     // while in small
constexpr int kPinnedSkippedMax = 64;        // segments; behind so many pinned ones nobody looks
constexpr std::size_t kRecordWork = 128;     // what a record costs beside its bytes, in bytes

}  // namespace

void Evictor::step(std::size_t bytes, std::int64_t now_ms) {
  for (std::size_t done = 0; done < bytes && is_short();) {
    if (victim_ == L1Store::kNone && !choose_victim(Newest::spared)) return;
    done += visit_next(now_ms);
  }
}

bool Evictor::make_room(Queue queue, std::size_t record_bytes, std::int64_t now_ms) {
  if (store_.has_room(queue, record_bytes, L1Store::Claim::newcomer)) return true;
  return make_segments_free(kFreeSegments, now_ms);
}

bool Evictor::make_segments_free(std::ptrdiff_t segments, std::int64_t now_ms) {
  counters_.l1_waits.add();
  int victims = 0;
  while (store_.segments_free() < segments) {
    if (victim_ == L1Store::kNone) {
      second_chances_ = ++victims <= 2;
      if (!choose_victim(Newest::spared) && !choose_victim(Newest::taken)) break;
    }
    visit_next(now_ms);
  }
  second_chances_ = true;
  return store_.segments_free() >= segments;
}

std::uint32_t Evictor::oldest_unpinned(Queue queue, Newest newest) const noexcept {
  std::uint32_t number = store_.oldest(queue);
  for (int skipped = 0; number != L1Store::kNone && store_.segment(number).pins.is_pinned(); ++skipped) {
    if (skipped == kPinnedSkippedMax) return L1Store::kNone;
    number = store_.segment(number).next;
  }
  return newest == Newest::spared && number == store_.newest(queue) ? L1Store::kNone : number;
}

// The first segment, from where the last search ended, that has its share of holes. One exists if there are any.
std::uint32_t Evictor::find_holes() noexcept {
  const std::uint64_t holes = store_.hole_bytes();
  const std::uint64_t listed = store_.segment_count(Queue::small) + store_.segment_count(Queue::main);
  const auto count = static_cast<std::uint32_t>(store_.segments_mapped());
  for (std::uint32_t looked = 0; looked < count; ++looked) {
    const std::uint32_t number = holes_cursor_++ % count;
    const L1Store::Segment& segment = store_.segment(number);
    const bool is_open = number == store_.newest(segment.queue);
    if (!segment.is_listed || is_open || segment.pins.is_pinned()) continue;
    const std::uint64_t its_holes = segment.end_bytes - segment.live_bytes;
    if (its_holes > 0 && its_holes * listed >= holes) return number;
  }
  return L1Store::kNone;
}

bool Evictor::choose_victim(Newest newest) noexcept {
  offset_bytes_ = 0;
  const std::size_t limit_bytes = store_.segment_limit() * store_.segment_bytes();
  // Holes, and not whatever is not live: the ends of segments into which no record fitted would be there again after the move, and again.
  const bool has_holes = store_.hole_bytes() >= limit_bytes / 100 * kHolePercentMin;
  if (has_holes && store_.live_bytes() + 2 * store_.segment_bytes() <= limit_bytes / 100 * kLivePercentMax) {
    purpose_ = Purpose::compact;
    victim_ = find_holes();
    if (victim_ != L1Store::kNone) return true;
  }
  purpose_ = Purpose::evict;
  const bool main_is_full = store_.segment_count(Queue::main) * 100 > store_.segment_limit() * kMainPercent;
  const Queue first = main_is_full ? Queue::main : Queue::small;
  victim_ = oldest_unpinned(first, newest);
  if (victim_ == L1Store::kNone) victim_ = oldest_unpinned(main_is_full ? Queue::small : Queue::main, newest);
  if (victim_ == L1Store::kNone) return false;
  store_.close(victim_);
  return true;
}

std::size_t Evictor::visit_next(std::int64_t now_ms) {
  if (offset_bytes_ == store_.segment(victim_).end_bytes) {
    (purpose_ == Purpose::compact ? counters_.l1_compacted_segments : counters_.l1_evicted_segments).add();
    store_.release(victim_);
    victim_ = L1Store::kNone;
    return kRecordWork;
  }
  const std::uint64_t location = store_.first_location(victim_) + offset_bytes_ / L1Word::kUnitBytes;
  const L1Word word = L1Word::of(store_.at(location));
  const std::size_t span = word.span_bytes();
  offset_bytes_ += static_cast<std::uint32_t>(span);
  if (word.is_dead()) return kRecordWork / 8;
  visit(location, word, now_ms);
  return span + kRecordWork;
}

void Evictor::visit(std::uint64_t location, L1Word word, std::int64_t now_ms) {
  const RecordView record(store_.at(location));
  const std::uint64_t hash = hash_(record.key());
  if (record.is_expired(now_ms)) return departure_.on_expire(hash, location, record);
  const Queue queue = store_.segment(victim_).queue;
  if (purpose_ == Purpose::compact) {
    if (try_move(hash, location, record, queue, word.frequency())) return;
  } else if (queue == Queue::small && word.frequency() >= kHitsToMain) {
    if (try_move(hash, location, record, Queue::main, 0)) return;
  } else if (queue == Queue::main && word.frequency() > 0 && second_chances_) {
    if (try_move(hash, location, record, Queue::main, word.frequency() - 1)) return;
  }
  if (queue == Queue::small) ghost_.add(hash, ghost_count_max());
  departure_.on_evict(hash, location, record, queue);
}

// Its place in the segment is left; what its place was larger than itself is left too.
bool Evictor::try_move(std::uint64_t hash, std::uint64_t location, const RecordView& record, Queue to, std::uint32_t frequency) {
  const std::size_t bytes = record.bytes();
  const auto target = store_.try_append(to, bytes, L1Store::Claim::survivor);
  if (!target) return false;
  std::byte* copy = store_.at(*target);
  L1Word word = L1Word::of(copy);
  word.inherit(L1Word::of(record.data()));
  word.set_frequency(frequency);
  std::memcpy(copy, record.data(), bytes);
  word.store(copy);
  if (record.has_expiry()) store_.note_expiry(*target, record.expiry_ms());
  const Index::Slot slot = index_.find_entry(hash, Tier::l1, location);
  CORERING_ASSERT(slot, "an item in L1 is missing from the index");
  index_.replace(slot, Tier::l1, *target);
  store_.kill(location);
  counters_.l1_moved_bytes.add(bytes);
  if (word.is_dirty()) departure_.on_dirty_moved(hash, *target);
  return true;
}

// As many as there are items.
std::size_t Evictor::ghost_count_max() const noexcept { return store_.live_count(Queue::small) + store_.live_count(Queue::main); }

}  // namespace corering::cache
