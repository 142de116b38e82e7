#include "map_owner.h"

namespace sim {

using cache::Fate;
using cache::LogTier;
using cache::RecordView;

namespace {

const cache::KeyHash kHash(MapOwner::kHashSeed);

std::vector<std::byte> copy_of(const RecordView& record) { return {record.whole().begin(), record.whole().end()}; }

}  // namespace

std::uint64_t MapOwner::hash_of(const std::string& key) { return kHash(base::bytes_of(key)); }

MapOwner::Item* MapOwner::find(const std::string& key) {
  const auto found = items_.find(hash_of(key));
  return found == items_.end() ? nullptr : &found->second;
}

void MapOwner::put(const std::string& key, const std::string& value, std::int64_t expiry_ms) {
  const cache::RecordHeader header{.sequence = ++sequence_,
                                   .expiry_ms = expiry_ms,
                                   .key_bytes = static_cast<std::uint32_t>(key.size()),
                                   .value_bytes = static_cast<std::uint32_t>(value.size())};
  Item& item = items_[hash_of(key)];
  item.record.resize(cache::record_bytes(header));
  cache::write_record(item.record.data(), header, base::bytes_of(key), base::bytes_of(value));
  item.location = {};
  item.dirty = true;
}

void MapOwner::erase(const std::string& key) {
  const std::uint64_t hash = hash_of(key);
  items_.erase(hash);
  ++sequence_;
  if (may_be_in_file_.contains(hash)) log_->append_tombstone(base::bytes_of(key), sequence_);
}

void MapOwner::clear() {
  items_.clear();
  may_be_in_file_.clear();
  ++sequence_;
  log_->clear();
}

void MapOwner::drop(std::uint64_t hash, const RecordView& record) {
  if (may_be_in_file_.contains(hash)) log_->append_tombstone(record.key(), ++sequence_);
  if (on_lost) on_lost(hash);
  items_.erase(hash);
}

void MapOwner::evict(std::uint64_t hash) {
  Item& item = items_.at(hash);
  if (item.record.empty()) return;
  const RecordView record(item.record.data());
  // What is dirty and goes to memory only would miss the next sync point.
  const cache::LogLocation to = log_->try_append(item.dirty ? LogTier::file : LogTier::memory, record);
  if (!to) return drop(hash, record);
  if (item.dirty) may_be_in_file_.insert(hash);
  item = {.record = {}, .location = to, .dirty = false};
}

void MapOwner::promote(std::uint64_t hash, const RecordView& record) {
  Item& item = items_.at(hash);
  if (item.record.empty()) item = {.record = copy_of(record), .location = {}, .dirty = false};
}

bool MapOwner::hand_over() { return hand_over_some(SIZE_MAX); }

bool MapOwner::hand_over_some(std::size_t count) {
  bool all = true;
  for (auto& [hash, item] : items_) {
    if (!item.dirty) continue;
    if (count-- == 0) return false;
    const RecordView record(item.record.data());
    if (log_->try_append(LogTier::file, record)) {
      item.dirty = false;
      may_be_in_file_.insert(hash);
    } else {
      all = false;
    }
  }
  return all;
}

void MapOwner::flush_all() {
  keeps_all_ = true;
  log_->begin_drain();
}

Fate MapOwner::on_clean(LogTier tier, cache::LogLocation from, const RecordView& record) {
  const auto found = items_.find(kHash(record.key()));
  if (found == items_.end()) return Fate::dead;
  if (found->second.location != from) {
    if (tier == LogTier::file) spare(found->second, record);
    return Fate::dead;
  }
  if (record.is_expired(now_ms_)) {
    items_.erase(found);
    if (on_lost) on_lost(kHash(record.key()));
    return Fate::dead;
  }
  if (keeps_all_) return Fate::file;
  if (tier == LogTier::memory) {
    if (random_.chance(fates_.memory_to_file)) return Fate::file;
    return random_.chance(fates_.memory_stays) ? Fate::memory : Fate::evict;
  }
  if (random_.chance(fates_.file_stays)) return Fate::file;
  return random_.chance(fates_.file_to_memory) ? Fate::memory : Fate::evict;
}

// The durable copy of an item that lives elsewhere is about to go.
void MapOwner::spare(Item& item, const RecordView& record) {
  if (!item.record.empty()) {
    if (RecordView(item.record.data()).sequence() == record.sequence()) item.dirty = true;
    return;
  }
  const auto pinned = log_->try_view(item.location);
  if (!pinned || pinned->record.sequence() != record.sequence()) return;
  if (const cache::LogLocation to = log_->try_append(LogTier::file, record)) {
    item.location = to;
  } else if (on_lost) {
    on_lost(kHash(record.key()));
  }
}

void MapOwner::on_moved(const RecordView& record, cache::LogLocation from, cache::LogLocation to) {
  const std::uint64_t hash = kHash(record.key());
  Item& item = items_.at(hash);
  CORERING_ASSERT(item.location == from, "a record is moved that is not current");
  item.location = to;
  if (to.units < file_units_) {
    may_be_in_file_.insert(hash);
  } else if (from.units < file_units_ && on_lost) {
    on_lost(hash);  // it has no durable copy any more
  }
}

void MapOwner::on_dropped(const RecordView& record, cache::LogLocation from) {
  const std::uint64_t hash = kHash(record.key());
  CORERING_ASSERT(items_.at(hash).location == from, "a record is dropped that is not current");
  if (from.units < file_units_) {
    // The oldest copy of all, and the newest: nothing is left in the file.
    may_be_in_file_.erase(hash);
    if (on_lost) on_lost(hash);
    items_.erase(hash);
  } else {
    drop(hash, record);
  }
}

void MapOwner::on_recovered(const cache::RecoveredRecord& record) {
  CORERING_ASSERT(!items_.contains(record.key_hash), "a key is recovered twice");
  items_[record.key_hash].location = record.location;
  may_be_in_file_.insert(record.key_hash);
}

void MapOwner::on_recovery_ended(std::uint64_t sequence_max) {
  sequence_ = sequence_max;
  recovered_ = true;
}

void MapOwner::on_recovery_progress(std::uint64_t, std::uint64_t) {}

void MapOwner::on_sync_ended(cache::SyncTicket ticket, bool durable) {
  if (on_synced) on_synced(ticket, durable);
}

// A record that is being settled at this moment may be among those that are lost: whoever settles it finds that out himself.
void MapOwner::on_file_forgotten() {
  may_be_in_file_.clear();
  for (auto& [hash, item] : items_) {
    if (!item.record.empty()) {
      item.dirty = true;
    } else if (item.location.units < file_units_) {
      item.location = {};
    }
    if (on_lost) on_lost(hash);
  }
}

void MapOwner::on_sync_wanted() {
  if (on_wanted) on_wanted();
}

}  // namespace sim
