#include "corering/cache/cache.h"

#include <algorithm>
#include <array>
#include <bit>

#include "corering/base/assert.h"
#include "corering/cache/l1_record.h"
#include "corering/cache/l1_word.h"

namespace corering::cache {

namespace {

constexpr std::size_t kBatch = 32;                        // lookups whose cache misses overlap
constexpr std::size_t kTurnWork = std::size_t{64} << 10;  // bytes of eviction and of sweeping in advance()

}  // namespace

base::Result<std::unique_ptr<Cache>> Cache::open(const CacheOptions& options) {
  auto store = L1Store::open(l1_options(options));
  if (!store) return base::failure(std::move(store.error()));
  auto index = Index::open();
  if (!index) return base::failure(std::move(index.error()));
  std::unique_ptr<Cache> cache(new Cache(options, std::move(*store), std::move(*index)));
  if (options.log) {
    if (auto opened = cache->open_log(options); !opened) return base::failure(std::move(opened.error()));
  }
  return cache;
}

Cache::Cache(const CacheOptions& options, std::unique_ptr<L1Store> store, Index index)
    : now_ms_(options.now_ms),
      hash_seed_(options.hash_seed != 0 ? options.hash_seed : KeyHash::random_seed()),
      hash_(hash_seed_),
      store_(std::move(store)),
      index_(std::move(index)),
      evictor_(*store_, index_, ghost_, hash_, counters_, *this),
      promoted_bytes_per_s_max_(options.promoted_bytes_per_s_max),
      sync_ms_(options.sync_ms),
      next_sync_ms_(options.now_ms + options.sync_ms) {}

Cache::~Cache() { CORERING_ASSERT(queued_fetches_.empty(), "a fetch outlives the cache"); }

bool Cache::advance(std::int64_t now_ms) {
  if (now_ms > now_ms_) {
    const auto elapsed_ms = static_cast<std::size_t>(std::min<std::int64_t>(now_ms - now_ms_, 1000));
    promotion_bytes_ = std::min(promotion_bytes_ + promoted_bytes_per_s_max_ * elapsed_ms / 1000, promoted_bytes_per_s_max_);
  }
  now_ms_ = now_ms;
  account_large();
  store_->give_back();
  evictor_.step(kTurnWork, now_ms_);
  sweep_expired(kTurnWork);
  index_.give_back();
  if (!log_) return false;
  bool more = step_log();
  more |= write_back(kTurnWork);
  end_queued_fetches();
  return more || !queued_fetches_.empty();
}

// --- lookups

GetResult Cache::get(base::ByteView key) { return get(key, Probe(hash_(key))); }

GetResult Cache::get(base::ByteView key, const Probe& probe) {
  const Found found = find(probe, key);
  if (!found && found.is_cold) return get_from_log(probe.hash_, key);
  if (found) count_hit(found.location);
  return result_of(found);
}

Probe Cache::probe(base::ByteView key) const noexcept {
  const Probe probe(hash_(key));
  index_.prefetch(probe.hash_);
  return probe;
}

void Cache::prefetch(Probe& probe) noexcept {
  probe.slot_ = index_.candidate(probe.hash_);
  probe.index_slots_ = index_.slot_count();
  if (!probe.slot_) return;
  if (const IndexEntry entry = probe.slot_.entry(); entry.tier() == Tier::l1) store_->prefetch(entry.location());
}

GetResult Cache::peek(base::ByteView key) {
  const std::uint64_t hash = hash_(key);
  const Found found = find(hash, key);
  if (found) return {GetStatus::hit, refer_to(found.location, found.record)};
  if (!found.is_cold) return {};
  InLog in_log = find_in_log(hash, key);
  if (!in_log.view) return {in_log.is_unknown ? GetStatus::cold : GetStatus::miss, {}};
  if (in_log.view->record.is_compressed()) return {GetStatus::cold, {}};
  return {GetStatus::hit, ItemRef(in_log.view->record, std::move(in_log.view->pin))};
}

// Three passes: where the lines of the index are, where the records are, what is in them. Each starts all its cache misses at once.
void Cache::get_batch(std::span<const base::ByteView> keys, std::span<GetResult> results) {
  CORERING_ASSERT(keys.size() == results.size(), "a batch has another number of results than of keys");
  std::array<Probe, kBatch> probes;
  for (std::size_t first = 0; first < keys.size(); first += kBatch) {
    const std::size_t count = std::min(kBatch, keys.size() - first);
    for (std::size_t index = 0; index < count; ++index) probes[index] = probe(keys[first + index]);
    for (std::size_t index = 0; index < count; ++index) prefetch(probes[index]);
    for (std::size_t index = 0; index < count; ++index) results[first + index] = get(keys[first + index], probes[index]);
  }
}

// As long as the index has not grown, an entry that is the key's is where it was; and if it is not, it is somewhere else or nowhere.
Cache::Found Cache::find(const Probe& probe, base::ByteView key) {
  if (!probe.slot_ || probe.index_slots_ != index_.slot_count()) return find(probe.hash_, key);
  const IndexEntry entry = probe.slot_.entry();
  if (entry.tier() == Tier::l1 && entry.tag() == IndexGeometry::tag_of(probe.hash_)) [[likely]] {
    const RecordView record(store_->at(entry.location()));
    if (record.has_key(key) && !record.is_expired(now_ms_)) [[likely]] {
      return {.slot = probe.slot_, .location = entry.location(), .record = record};
    }
  }
  return find(probe.hash_, key);
}

Cache::Found Cache::find(std::uint64_t hash, base::ByteView key) {
  Found found;
  found.slot = index_.find(hash, [&](IndexEntry entry) {
    if (entry.tier() != Tier::l1) {
      found.is_cold = true;
      return false;
    }
    const RecordView record(store_->at(entry.location()));
    if (!record.has_key(key)) return false;
    found.location = entry.location();
    found.record = record;
    return true;
  });
  if (found && found.record.is_expired(now_ms_)) [[unlikely]] {
    on_expire(hash, found.location, found.record);
    return {};
  }
  return found;
}

GetResult Cache::result_of(const Found& found) {
  if (found) {
    counters_.gets.add();
    counters_.l1_hits.add();
    return {GetStatus::hit, refer_to(found.location, found.record)};
  }
  count_miss();
  return {};
}

void Cache::count_miss() noexcept {
  counters_.gets.add();
  counters_.misses.add();
}

ItemRef Cache::refer_to(std::uint64_t location, const RecordView& record) {
  if (!is_proxy(record)) [[likely]]
    return {record, record.value(), store_->pin(location)};
  const Proxy proxy = proxy_of(record);
  return {record, large_.memory(proxy.number).first(proxy.value_bytes), store_->pin(location), large_.pin(proxy.number)};
}

ItemRef Cache::item_of(IndexEntry entry) {
  if (entry.tier() == Tier::l1) {
    const RecordView record(store_->at(entry.location()));
    if (record.is_expired(now_ms_)) return {};
    return refer_to(entry.location(), record);
  }
  // A compressed value is for those who can wait: they fetch it.
  auto view = log_->try_view({entry.location()});
  if (!view || view->record.kind() != RecordKind::value || view->record.is_expired(now_ms_) || view->record.is_compressed())
    return {};
  return {view->record, std::move(view->pin)};
}

// A write only while it changes something: an item that is hot already is not written to.
void Cache::count_hit(std::uint64_t location) noexcept {
  std::byte* record = store_->at(location);
  L1Word word = L1Word::of(record);
  if (word.frequency() == L1Word::kFrequencyMax) return;
  word.set_frequency(word.frequency() + 1);
  word.store(record);
}

// --- removal

RemoveStatus Cache::remove(base::ByteView key) {
  const std::uint64_t hash = hash_(key);
  const Found found = find(hash, key);
  if (found) {
    if (L1Word::of(found.record.data()).is_in_file()) bury(key);
    index_.erase(found.slot);
    drop_record(found.location, found.record);
  } else if (found.is_cold) {
    const InLog in_log = find_in_log(hash, key);
    if (!in_log.view) return in_log.is_unknown ? RemoveStatus::cold : RemoveStatus::absent;
    drop_from_log(in_log.slot, key);
  } else {
    return RemoveStatus::absent;
  }
  counters_.removes.add();
  return RemoveStatus::removed;
}

void Cache::drop_record(std::uint64_t location, const RecordView& record) noexcept {
  if (is_proxy(record)) {
    large_.release(proxy_of(record).number);
    account_large();
  }
  store_->kill(location);
}

void Cache::clear() {
  ++sequence_;
  store_->release_all();
  large_.release_all();
  account_large();
  index_.clear();
  ghost_.clear();
  evictor_.reset();
  sweep_ = {};
  forget_dirty();
  if (write_back_ == WriteBack::writing) write_back_end_ = dirty_.pushed();
  if (log_) log_->clear();
  counters_.clears.add();
}

void Cache::on_evict(std::uint64_t hash, std::uint64_t location, const RecordView& record, Queue from) {
  if (log_ && !is_being_replaced(hash) && try_demote(hash, location, record, from)) return;
  if (L1Word::of(record.data()).is_in_file()) bury(record.key());
  counters_.l1_evicted.add();
  counters_.l1_evicted_bytes.add(record.bytes());
  index_.erase(index_.find_entry(hash, Tier::l1, location));
  drop_record(location, record);
}

void Cache::on_expire(std::uint64_t hash, std::uint64_t location, const RecordView& record) {
  counters_.expired.add();
  // A clean copy in the file has expired as well.
  const L1Word word = L1Word::of(record.data());
  if (word.is_in_file() && word.is_dirty()) bury(record.key());
  index_.erase(index_.find_entry(hash, Tier::l1, location));
  drop_record(location, record);
}

// --- housekeeping

// Only segments in which something has expired are walked, so a cache without expiries pays a glance per segment.
void Cache::sweep_expired(std::size_t bytes) {
  constexpr int kSegmentsGlancedAt = 64;
  const auto count = static_cast<std::uint32_t>(store_->segments_mapped());
  for (int glances = 0; glances < kSegmentsGlancedAt && count > 0 && bytes > 0;) {
    if (sweep_.is_inside) {
      sweep_.is_inside = !sweep_segment(bytes);
      continue;
    }
    ++glances;
    const std::uint32_t number = ++sweep_.segment % count;
    L1Store::Segment& segment = store_->segment(number);
    if (!segment.is_listed || segment.expiry_ms_min > now_ms_ || evictor_.is_walking(number)) continue;
    // Found anew by the walk, and by what is appended meanwhile.
    segment.expiry_ms_min = std::numeric_limits<std::int64_t>::max();
    sweep_ = {.segment = number, .generation = segment.generation, .offset_bytes = 0, .is_inside = true};
  }
}

// True when the segment is done with.
bool Cache::sweep_segment(std::size_t& bytes) {
  const L1Store::Segment& segment = store_->segment(sweep_.segment);
  if (segment.generation != sweep_.generation || evictor_.is_walking(sweep_.segment)) return true;
  while (bytes > 0) {
    if (sweep_.offset_bytes == segment.end_bytes) return true;
    const std::uint64_t location = store_->first_location(sweep_.segment) + sweep_.offset_bytes / L1Word::kUnitBytes;
    const L1Word word = L1Word::of(store_->at(location));
    sweep_.offset_bytes += static_cast<std::uint32_t>(word.span_bytes());
    bytes -= std::min<std::size_t>(bytes, 64);
    if (word.is_dead()) continue;
    const RecordView record(store_->at(location));
    if (record.is_expired(now_ms_)) {
      on_expire(hash_(record.key()), location, record);
    } else if (record.has_expiry()) {
      store_->note_expiry(location, record.expiry_ms());
    }
  }
  return false;
}

base::Result<> Cache::set_l1_bytes(std::size_t bytes) { return store_->set_budget(bytes); }

std::size_t Cache::memory_bytes() const noexcept {
  return index_.bytes() + store_->segments_in_use() * store_->segment_bytes() + large_.bytes() + ghost_.bytes();
}

const CacheCounters& Cache::counters() noexcept {
  counters_.l1_items.set(store_->live_count(Queue::small) + store_->live_count(Queue::main));
  counters_.l1_live_bytes.set(store_->live_bytes());
  counters_.l1_bytes.set(store_->segments_in_use() * store_->segment_bytes() + large_.bytes());
  counters_.l1_large_bytes.set(large_.bytes());
  counters_.l1_own_bytes.set(store_->own_bytes());
  counters_.index_bytes.set(index_.bytes());
  counters_.items.set(index_.count());
  counters_.dirty_items.set(dirty_.count() + moved_.count());
  return counters_;
}

}  // namespace corering::cache
