// The part of Cache that deals with the log below L1: what goes down, what comes up, what must be durable.
//
// Of one key there is one entry in the index, whatever the tier, and what it points to is current. The file may hold older versions
// beside; that it does is known by a bit of the item (L1Word::is_in_file, Tier::log_and_file), so that a tombstone can
// bury them when the item goes.
#include <algorithm>
#include <string>
#include <utility>

#include "corering/base/assert.h"
#include "corering/base/log.h"
#include "corering/cache/cache.h"
#include "corering/cache/compression.h"
#include "corering/cache/l1_record.h"
#include "corering/cache/l1_word.h"

namespace corering::cache {

namespace {

// Steps that an eviction gives the log when that has no room, before it lets the item go.
constexpr int kStepsForRoom = 4;
// While the file has more free segments than this it takes whatever comes. Beyond what the log begins to clean at.
std::uint64_t spare_segments(std::uint64_t segment_count) noexcept {
  return std::clamp<std::uint64_t>(segment_count / 16, 2, 8) + 3;
}

// Whether the hashes could share an entry of the index.
bool have_same_tag(std::uint64_t left, std::uint64_t right) noexcept {
  constexpr unsigned kKnownBits = IndexGeometry::kBaseBits + IndexEntry::kTagBits;
  return (left ^ right) >> (64 - kKnownBits) == 0;
}

}  // namespace

base::Result<> Cache::open_log(const CacheOptions& options) {
  LogOptions log = *options.log;
  log.key_hash_seed = hash_seed_;
  log.now_ms = now_ms_;
  const base::MutableBytes memory = log_memory(options);
  auto opened =
      options.device != nullptr ? Log::open(log, *this, *options.device, options.layout, memory) : Log::open(log, *this, memory);
  if (!opened) return base::failure(std::move(opened.error()));
  log_ = std::move(*opened);
  auto assembled = mem::Mapping::open(log.segment_bytes);
  if (!assembled) return base::failure(std::move(assembled.error()));
  assembled_ = std::move(*assembled);
  has_memory_tier_ = log.memory_segments > 0;
  file_segments_spare_ = spare_segments(options.layout.segment_count);
  if (options.device != nullptr)
    file_units_ = options.layout.segment_count * options.layout.segment_bytes / LogLocation::kUnitBytes;
  return {};
}

// --- looking things up

bool Cache::is_cold(IndexEntry entry) const noexcept {
  return entry.is_in_log() && log_->residence({entry.location()}) == Log::Residence::file;
}

// An entry whose record is gone is erased: nothing can be found through it any more.
Cache::InLog Cache::find_in_log(std::uint64_t hash, base::ByteView key) {
  InLog found;
  std::uint64_t stale = LogLocation::kNowhere;
  found.slot = index_.find(hash, [&](IndexEntry entry) {
    if (!entry.is_in_log()) return false;
    if (auto view = log_->try_view({entry.location()})) {
      // Where an overrun, or a segment that could not be read, left an entry behind, anything may lie by now.
      if (view->record.kind() != RecordKind::value) {
        stale = entry.location();
        return false;
      }
      if (!view->record.has_key(key)) {
        if (!have_same_tag(hash_(view->record.key()), hash)) stale = entry.location();
        return false;
      }
      found.entry = entry;
      found.view = std::move(view);
      return true;
    }
    const bool is_gone = log_->residence({entry.location()}) != Log::Residence::file;
    if (is_gone) stale = entry.location();
    found.is_unknown = found.is_unknown || !is_gone;
    return false;
  });
  if (stale != LogLocation::kNowhere) index_.erase(index_.find_in_log(hash, stale));
  if (found.view && found.view->record.is_expired(now_ms_)) {
    counters_.expired.add();
    drop_from_log(found.slot, key);
    return {};
  }
  return found;
}

// For operations that need the item in L1: what lies in memory is brought up at once.
Cache::Found Cache::require(const Probe& probe, base::ByteView key) {
  const std::uint64_t hash = probe.hash_;
  Found found = find(probe, key);
  if (found || !found.is_cold) return found;
  // Making room for it may move it within the log.
  for (int attempts = 0; attempts < kStepsForRoom; ++attempts) {
    const InLog in_log = find_in_log(hash, key);
    found.is_cold = in_log.is_unknown;
    if (!in_log.view) return found;
    if (try_promote(hash, in_log.entry, in_log.view->record)) return find(hash, key);
  }
  found.is_stuck = true;
  return found;
}

GetResult Cache::get_from_log(std::uint64_t hash, base::ByteView key) {
  InLog found = find_in_log(hash, key);
  if (!found.view && found.is_unknown) return {GetStatus::cold, {}};
  counters_.gets.add();
  if (!found.view) {
    counters_.misses.add();
    return {};
  }
  const RecordView& record = found.view->record;
  const bool promoted = (record.is_compressed() || is_due_for_promotion(hash, found.entry.location(), record.bytes())) &&
                        try_promote(hash, found.entry, record);
  if (!promoted && record.is_compressed()) {
    counters_.misses.add();
    return {};
  }
  (lies_in_file(found.entry.location()) ? counters_.l3_hits : counters_.l2_hits).add();
  if (!promoted) return {GetStatus::hit, ItemRef(record, std::move(found.view->pin))};
  const Found item = find(hash, key);
  return {GetStatus::hit, refer_to(item.location, item.record)};
}

// --- up

// The first hit leaves a mark, the second finds it.
bool Cache::is_due_for_promotion(std::uint64_t hash, std::uint64_t location, std::size_t bytes) {
  const Index::Slot slot = index_.find_in_log(hash, location);
  if (!slot) return false;
  if (!slot.entry().is_marked()) {
    index_.mark(slot);
    return false;
  }
  if (bytes <= promotion_bytes_) return true;
  counters_.promotions_capped.add();
  return false;
}

// Requires: the record's memory is held. Room comes first: making it may send others to the log, but this item only L1 could evict.
bool Cache::try_promote(std::uint64_t hash, IndexEntry entry, const RecordView& record) {
  const auto value_bytes = plain_value_bytes(record);
  if (!value_bytes || *value_bytes > kValueBytesMax) return false;
  RecordHeader header = record.header();
  header.compressed = false;
  header.value_bytes = static_cast<std::uint32_t>(*value_bytes);
  if (!make_room(hash, Queue::main, header)) return false;
  base::MutableBytes value;
  const auto location = append_record(Queue::main, header, record.key(), value);
  if (!location) return false;
  const Index::Slot slot = index_.find_in_log(hash, entry.location());
  if (!slot || !expand_value(record, value)) {
    drop_record(*location, RecordView(store_->at(*location)));
    return false;
  }
  L1Word word = L1Word::of(store_->at(*location));
  word.set_in_file(slot.entry().tier() == Tier::log_and_file);
  word.store(store_->at(*location));
  index_.replace(slot, Tier::l1, *location);
  // What lies in the memory tier may be newer than what the file holds.
  if (has_file() && !lies_in_file(entry.location())) mark_dirty(hash, *location, queue_of_moved());
  promotion_bytes_ -= std::min(promotion_bytes_, record.bytes());
  counters_.promotions.add();
  counters_.promoted_bytes.add(record.bytes());
  return true;
}

// --- down

bool Cache::try_demote(std::uint64_t hash, std::uint64_t location, const RecordView& record, Queue from) {
  if (!log_->is_recovered()) return false;
  const auto whole = for_log(record);
  if (!whole) return false;
  const LogTier tier = has_memory_tier_ ? LogTier::memory : LogTier::file;
  LogLocation to = log_->try_append(tier, *whole);
  for (int steps = 0; !to && steps < kStepsForRoom && !is_in_log_step_; ++steps) {
    step_log(Log::Readers::wait);
    to = log_->try_append(tier, *whole);
  }
  if (!to) return false;
  const L1Word word = L1Word::of(record.data());
  const bool in_file = word.is_in_file() || tier == LogTier::file;
  const Index::Slot slot = index_.find_entry(hash, Tier::l1, location);
  index_.replace(slot, in_file ? Tier::log_and_file : Tier::log, to.units);
  // It has been hit before.
  if (from == Queue::main) index_.mark(slot);
  if (word.is_dirty() && tier == LogTier::memory) queue_of_moved().push(hash, Tier::log, to.units);
  counters_.l1_demoted.add();
  counters_.l1_demoted_bytes.add(whole->bytes());
  drop_record(location, record);
  return true;
}

// The record as the log takes it: that of a large value is put together. Nothing, and counted, if no segment holds it.
std::optional<RecordView> Cache::for_log(const RecordView& record) {
  if (!is_proxy(record) && record.bytes() <= log_->record_bytes_max()) return record;
  RecordHeader header = record.header();
  base::ByteView value = record.value();
  if (is_proxy(record)) {
    const Proxy proxy = proxy_of(record);
    header.kind = RecordKind::value;
    header.value_bytes = proxy.value_bytes;
    value = large_.memory(proxy.number).first(proxy.value_bytes);
  }
  if (record_bytes(header) > log_->record_bytes_max()) {
    counters_.log_too_large.add();
    return std::nullopt;
  }
  write_record(assembled_.bytes().data(), header, record.key(), value);
  return RecordView(assembled_.bytes().data());
}

// The item goes, and nothing of it may come back.
void Cache::drop_from_log(Index::Slot slot, base::ByteView key) {
  if (slot.entry().tier() == Tier::log_and_file) bury(key);
  index_.erase(slot);
}

void Cache::bury(base::ByteView key) {
  if (has_file()) log_->append_tombstone(key, ++sequence_);
}

// --- what the log asks and says

bool Cache::step_log(Log::Readers readers) {
  is_in_log_step_ = true;
  file_segments_free_ = log_->usage().file_segments_free;
  const bool more = log_->step(readers);
  is_in_log_step_ = false;
  if (std::exchange(read_errors_, log_->counters().read_errors.value()) != log_->counters().read_errors.value())
    rewrite_cursor_ = 0;
  return more;
}

// Whether the item that is current lies elsewhere, in this very version: then the record is its copy in the file.
bool Cache::is_copy_of_current(std::uint64_t hash, const RecordView& record) {
  if (const Found found = find(hash, record.key())) {
    return found.record.sequence() == record.sequence() && !L1Word::of(found.record.data()).is_dirty();
  }
  const InLog in_log = find_in_log(hash, record.key());
  return in_log.view && in_log.view->record.sequence() == record.sequence();
}

// Out of the memory tier everything goes to the file while that has room, then only what was hit. Out of the file what was hit since it
// came there stays, and so does the durable copy of what lies higher up.
Fate Cache::on_clean(LogTier tier, LogLocation from, const RecordView& record) {
  const std::uint64_t hash = hash_(record.key());
  const Index::Slot slot = index_.find_in_log(hash, from.units);
  if (!slot) return last_fate_ = tier == LogTier::file && is_copy_of_current(hash, record) ? Fate::file : Fate::dead;
  if (record.is_expired(now_ms_)) {
    counters_.expired.add();
    if (tier == LogTier::memory) {
      drop_from_log(slot, record.key());
    } else {
      index_.erase(slot);
    }
    return last_fate_ = Fate::dead;
  }
  const bool is_hit = slot.entry().is_marked();
  if (!has_file()) return last_fate_ = is_hit ? Fate::memory : Fate::evict;
  const bool has_space = tier == LogTier::memory && file_segments_free_ > file_segments_spare_;
  return last_fate_ = is_hit || has_space ? Fate::file : Fate::evict;
}

void Cache::on_moved(const RecordView& record, LogLocation from, LogLocation to) {
  const Index::Slot slot = index_.find_in_log(hash_(record.key()), from.units);
  if (!slot) return;  // a copy
  index_.replace(slot, last_fate_ == Fate::file ? Tier::log_and_file : slot.entry().tier(), to.units);
}

void Cache::on_dropped(const RecordView& record, LogLocation from) {
  const std::uint64_t hash = hash_(record.key());
  const Index::Slot slot = index_.find_in_log(hash, from.units);
  if (slot) {
    // Out of the file nothing older can be left, for the oldest goes first.
    if (!lies_in_file(from.units)) return drop_from_log(slot, record.key());
    index_.erase(slot);
    return;
  }
  // The copy of an item that lies in L1, or in the memory tier, is gone: it has to be written again. A file too small for them would go
  // round for ever at a stop.
  if (is_stopping_) {
    if (stop_rewrites_left_ == 0) return counters_.stop_lost.add();
    --stop_rewrites_left_;
  }
  if (const Found found = find(hash, record.key())) return mark_dirty(hash, found.location, dirty_);
  const InLog in_log = find_in_log(hash, record.key());
  if (in_log.view) dirty_.push(hash, Tier::log, in_log.entry.location());
}

void Cache::on_recovered(const RecoveredRecord& record) {
  // Without memory for the index the item is forgotten, and what is forgotten must not come back: the next start finds it again, and
  // nothing newer, unless it was stored anew, which is newer.
  static_cast<void>(index_.try_insert(record.key_hash, Tier::log_and_file, record.location.units));
}

void Cache::on_recovery_ended(std::uint64_t sequence_max) {
  sequence_ = std::max(sequence_, sequence_max);
  durable_version_ = sequence_;
  if (recovery_reported_)
    base::log(base::LogLevel::info, "cache file: " + std::to_string(index_.count()) + " items are known again");
}

// About once per 64 MiB, which is several times a second: a line for each GiB.
void Cache::on_recovery_progress(std::uint64_t bytes_read, std::uint64_t bytes_total) {
  const std::uint64_t gib = bytes_read >> 30;
  if (gib == recovery_reported_) return;
  recovery_reported_ = gib;
  base::log(base::LogLevel::info, "cache file: " + std::to_string(gib) + " of " + std::to_string(bytes_total >> 30) +
                                      " GiB are read back, " + std::to_string(bytes_read * 100 / bytes_total) + " %");
}

}  // namespace corering::cache
