// The part of Cache that waits for the file.
#include <algorithm>

#include "corering/base/assert.h"
#include "corering/cache/cache.h"

namespace corering::cache {

void Fetch::leave_queue() noexcept {
  if (is_linked()) cache_->queued_fetches_.erase(cache_->queued_fetches_.iterator_to(*this));
}

void Fetch::on_read(ColdRead& /*read*/) { cache_->on_cold_read(*this); }

bool Cache::try_fetch(Fetch& fetch, base::ByteView key, Fetch::Purpose purpose) {
  fetch.release();
  fetch.cache_ = this;
  fetch.key_ = key;
  fetch.hash_ = hash_(key);
  fetch.purpose_ = purpose;
  fetch.outcome_ = Fetch::Outcome::pending;
  fetch.by_place_ = false;
  fetch.others_count_ = 0;
  counters_.fetches.add();
  const std::uint64_t location = find(fetch.hash_, key) ? LogLocation::kNowhere : next_place(fetch);
  if (location == LogLocation::kNowhere) {
    queued_fetches_.push_back(fetch);  // what advance() finds then is the answer
    return true;
  }
  if (log_->try_read(fetch.read_, {location})) return true;
  counters_.fetches_refused.add();
  return false;
}

bool Cache::try_fetch(Fetch& fetch, ColdItem item) {
  fetch.release();
  fetch.cache_ = this;
  fetch.purpose_ = Fetch::Purpose::read;
  fetch.outcome_ = Fetch::Outcome::pending;
  fetch.by_place_ = true;
  counters_.fetches.add();
  if (log_->try_read(fetch.read_, {item.location})) return true;
  counters_.fetches_refused.add();
  return false;
}

// Of the next entry in the file that may be the key's; nowhere if all have been looked at.
std::uint64_t Cache::next_place(const Fetch& fetch) {
  std::uint64_t location = LogLocation::kNowhere;
  if (!log_) return location;
  const auto seen = std::span(fetch.others_).first(fetch.others_count_);
  index_.find(fetch.hash_, [&](IndexEntry entry) {
    if (!is_cold(entry) || std::ranges::find(seen, entry.location()) != seen.end()) return false;
    location = entry.location();
    return true;
  });
  return location;
}

void Cache::end_queued_fetches() {
  base::List<Fetch, FetchTag> queued;
  queued.swap(queued_fetches_);
  while (!queued.empty()) {
    Fetch& fetch = queued.front();
    queued.pop_front();
    conclude(fetch);
  }
}

// The item lies in memory by now, or in another place of the file, or nowhere.
void Cache::conclude(Fetch& fetch) {
  fetch.read_.release();
  if (fetch.by_place_) return end(fetch, Fetch::Outcome::miss);
  GetResult result = get(fetch.key_);
  if (result.status == GetStatus::hit) {
    fetch.item_ = std::move(result.item);
    return end(fetch, Fetch::Outcome::hit);
  }
  const std::uint64_t location = result.status == GetStatus::cold ? next_place(fetch) : LogLocation::kNowhere;
  if (location == LogLocation::kNowhere) {
    if (result.status == GetStatus::cold) count_miss();
    return end(fetch, Fetch::Outcome::miss);
  }
  if (!log_->try_read(fetch.read_, {location})) end(fetch, Fetch::Outcome::refused);
}

// The world has gone on during the read: only if the entry still points to this very place the record is current.
void Cache::on_cold_read(Fetch& fetch) {
  ColdRead& read = fetch.read_;
  const std::uint64_t location = read.location().units;
  const bool is_record = read.outcome() == ColdRead::Outcome::record && read.record().kind() == RecordKind::value;
  const std::uint64_t hash = is_record ? hash_(read.record().key()) : fetch.hash_;
  const Index::Slot slot = fetch.by_place_ && !is_record ? Index::Slot() : index_.find_in_log(hash, location);
  if (!slot) {
    // The entry that led here may be one that the file has forgotten.
    const Index::Slot stale = fetch.by_place_ ? Index::Slot() : index_.find_in_log(fetch.hash_, location);
    if (stale) index_.erase(stale);
    return conclude(fetch);
  }
  if (!is_record) {
    // It cannot be read, so it is a miss from now on; a later start must not find it more readable.
    counters_.fetch_errors.add();
    drop_from_log(slot, fetch.key_);
    return conclude(fetch);
  }
  const RecordView record = read.record();
  const bool is_wanted = fetch.by_place_ || record.has_key(fetch.key_);
  if (record.is_expired(now_ms_)) {
    counters_.expired.add();
    index_.erase(slot);
    return conclude(fetch);
  }
  const IndexEntry entry = slot.entry();
  if (!is_wanted) counters_.fetched_others.add();
  const bool must_come = fetch.purpose_ == Fetch::Purpose::change || (is_wanted && record.is_compressed());
  const bool may_come = is_wanted && !fetch.by_place_ && is_due_for_promotion(hash, location, record.bytes());
  const bool is_here = (must_come || may_come) && try_promote(hash, entry, record);
  if (!is_wanted && is_here) return conclude(fetch);
  if (!is_wanted && !must_come && fetch.others_count_ < Fetch::kOthersMax) {
    fetch.others_[fetch.others_count_++] = location;
    return conclude(fetch);
  }
  if (!is_wanted || (must_come && !is_here)) return end(fetch, Fetch::Outcome::refused);
  counters_.gets.add();
  counters_.l3_hits.add();
  if (is_here) {
    const Found found = find(hash, record.key());
    fetch.item_ = refer_to(found.location, found.record);
  } else {
    fetch.item_ = ItemRef(record);
  }
  end(fetch, Fetch::Outcome::hit);
}

void Cache::end(Fetch& fetch, Fetch::Outcome outcome) {
  if (outcome == Fetch::Outcome::refused) counters_.fetches_refused.add();
  fetch.outcome_ = outcome;
  fetch.handler_(fetch.owner_, fetch);
}

}  // namespace corering::cache
