// The part of Cache that stores: conditions, in place or appended, large or not, reserved or at once.
#include <algorithm>

#include "corering/base/assert.h"
#include "corering/cache/cache.h"
#include "corering/cache/l1_record.h"
#include "corering/cache/l1_word.h"

namespace corering::cache {

namespace {

// A place is kept for a smaller value while it is used by half, or while there is next to nothing to win.
constexpr std::size_t kSmallPlaceBytes = 64;
// What eviction does per byte appended, while segments are short: walking main three times before something leaves must be affordable.
constexpr std::size_t kPace = 4;

bool is_worth_keeping(std::size_t needed, std::size_t place) noexcept { return needed * 2 >= place || place <= kSmallPlaceBytes; }

RecordHeader proxy_header(RecordHeader header) noexcept {
  header.kind = kProxyKind;
  header.value_bytes = sizeof(Proxy);
  return header;
}

std::uint32_t length_of(base::ByteView bytes) noexcept { return static_cast<std::uint32_t>(bytes.size()); }

}  // namespace

WriteResult Cache::put(base::ByteView key, base::ByteView value, const PutOptions& options) {
  return write(key, value.size(), options, [&](base::MutableBytes place) {
    if (!value.empty()) std::memcpy(place.data(), value.data(), value.size());
  });
}

WriteResult Cache::touch(base::ByteView key, std::int64_t expiry_ms) {
  GetResult found = peek(key);
  if (found.status != GetStatus::hit) return refuse(found.status == GetStatus::cold ? WriteStatus::cold : WriteStatus::absent);
  const std::size_t value_bytes = found.item.value().size();
  found.item = ItemRef();  // pinned, it would be copied
  return modify(key, value_bytes, {.expiry_ms = expiry_ms}, [](base::MutableBytes) {});
}

WriteResult Cache::refuse(WriteStatus status) noexcept {
  switch (status) {
    case WriteStatus::too_large: counters_.too_large.add(); break;
    case WriteStatus::no_memory: counters_.no_memory.add(); break;
    case WriteStatus::present:
    case WriteStatus::absent:
    case WriteStatus::differs: counters_.conditions_failed.add(); break;
    case WriteStatus::stored:
    case WriteStatus::cold: break;
  }
  return {status, 0};
}

WriteStatus Cache::check(const Found& found, Condition condition, std::uint64_t version) const noexcept {
  if (found.is_stuck) return WriteStatus::no_memory;
  if (!found && found.is_cold) return WriteStatus::cold;
  if (condition == Condition::always) return WriteStatus::stored;
  if (condition == Condition::if_absent) return found ? WriteStatus::present : WriteStatus::stored;
  if (!found) return WriteStatus::absent;
  return condition == Condition::if_version && found.record.sequence() != version ? WriteStatus::differs : WriteStatus::stored;
}

WriteResult Cache::begin_put(base::ByteView key, const Probe& probe, std::size_t value_bytes, const PutOptions& options,
                             Draft& draft) {
  if (key.size() > kKeyBytesMax || value_bytes > kValueBytesMax) return refuse(WriteStatus::too_large);
  const std::uint64_t hash = probe.hash_;
  const Found found = require(probe, key);
  if (const WriteStatus status = check(found, options.condition, options.version); status != WriteStatus::stored)
    return refuse(status);
  const RecordHeader header{.sequence = ++sequence_,
                            .expiry_ms = options.expiry_ms,
                            .client_flags = options.client_flags,
                            .key_bytes = length_of(key),
                            .value_bytes = static_cast<std::uint32_t>(value_bytes)};
  if (found && try_in_place(hash, found, header, draft)) return {};
  return append(hash, key, header, nullptr, draft);
}

WriteResult Cache::begin_modify(base::ByteView key, std::size_t value_bytes, const ModifyOptions& options, Draft& draft) {
  if (value_bytes > kValueBytesMax) return refuse(WriteStatus::too_large);
  const std::uint64_t hash = hash_(key);
  const Found found = require(Probe(hash), key);
  const Condition condition = options.if_version ? Condition::if_version : Condition::if_present;
  if (const WriteStatus status = check(found, condition, options.if_version.value_or(0)); status != WriteStatus::stored)
    return refuse(status);
  RecordHeader header = found.record.header();
  header.kind = RecordKind::value;
  header.sequence = ++sequence_;
  header.value_bytes = static_cast<std::uint32_t>(value_bytes);
  header.expiry_ms = options.expiry_ms.value_or(header.expiry_ms);
  header.client_flags = options.client_flags.value_or(header.client_flags);
  if (try_in_place(hash, found, header, draft)) return {};
  const ItemRef old = refer_to(found.location, found.record);
  return append(hash, old.key(), header, &old, draft);
}

WriteResult Cache::finish(const Draft& draft) {
  counters_.puts.add();
  if (has_file()) mark_dirty(draft.hash, draft.location, replaced_dirty_ ? queue_of_moved() : dirty_);
  replaced_dirty_ = false;
  if (draft.appended_bytes == 0) {
    counters_.in_place.add();
  } else {
    evictor_.step(kPace * draft.appended_bytes, now_ms_);
  }
  return {WriteStatus::stored, draft.sequence};
}

bool Cache::try_in_place(std::uint64_t hash, const Found& found, const RecordHeader& header, Draft& draft) {
  std::byte* record = store_->at(found.location);
  const bool large = is_large(header);
  if (large != is_proxy(found.record) || store_->is_pinned(found.location)) return false;
  const std::size_t place = L1Word::of(record).span_bytes();
  const RecordHeader stored = large ? proxy_header(header) : header;
  const std::size_t needed = record_bytes(stored);
  if (needed > place || !is_worth_keeping(needed, place)) return false;
  Proxy proxy;
  if (large) {
    proxy = proxy_of(found.record);
    const std::size_t memory = large_.memory(proxy.number).size();
    if (header.value_bytes > memory || !is_worth_keeping(header.value_bytes, memory) || large_.is_pinned(proxy.number))
      return false;
    proxy.value_bytes = header.value_bytes;
  }
  // The key, and as much of the old value as may be wanted, move first if the header grows or shrinks.
  const std::size_t kept = std::min<std::size_t>(stored.value_bytes, found.record.value().size());
  std::byte* key = record + needed - stored.key_bytes - stored.value_bytes;
  std::memmove(key, found.record.key().data(), stored.key_bytes + kept);
  write_record_header(record, stored);
  std::byte* value = key + stored.key_bytes;
  if (large) std::memcpy(value, &proxy, sizeof proxy);
  draft.hash = hash;
  draft.location = found.location;
  draft.value = large ? large_.memory(proxy.number).first(proxy.value_bytes) : base::MutableBytes(value, stored.value_bytes);
  draft.sequence = header.sequence;
  if (header.expiry_ms != kNeverExpires) store_->note_expiry(found.location, header.expiry_ms);
  count_hit(found.location);
  return true;
}

// Room comes first: making it may move or evict the old version, which is looked for only then.
WriteResult Cache::append(std::uint64_t hash, base::ByteView key, const RecordHeader& header, const ItemRef* old, Draft& draft) {
  const Found before = find(hash, key);
  Queue queue = Queue::small;
  if (before) {
    queue = store_->queue_of(before.location);
  } else if (ghost_.take(hash)) {
    counters_.l1_ghost_hits.add();
    queue = Queue::main;
  }
  if (!make_room(hash, queue, header)) return refuse(WriteStatus::no_memory);
  const auto location = append_record(queue, header, key, draft.value);
  if (!location) return refuse(WriteStatus::no_memory);
  if (old != nullptr) {
    const std::size_t kept = std::min(draft.value.size(), old->value().size());
    if (kept > 0) std::memcpy(draft.value.data(), old->value().data(), kept);
  }
  if (!try_link(hash, find(hash, key), *location)) return refuse(WriteStatus::no_memory);
  draft.hash = hash;
  draft.location = *location;
  draft.sequence = header.sequence;
  draft.appended_bytes = record_bytes(header);
  return {};
}

bool Cache::make_room(std::uint64_t hash, Queue queue, const RecordHeader& header) {
  const Replacing here{hash, replacing_};
  replacing_ = &here;
  const bool made = try_make_room(queue, header);
  replacing_ = here.outer;
  return made;
}

bool Cache::try_make_room(Queue queue, const RecordHeader& header) {
  if (!is_large(header)) return evictor_.make_room(queue, record_bytes(header), now_ms_);
  const std::size_t bytes = LargeValues::footprint(header.value_bytes);
  const std::size_t segment_bytes = store_->segment_bytes();
  if (bytes > store_->budget_bytes() || store_->budget_bytes() - bytes < L1Store::kSegmentsMin * segment_bytes) return false;
  account_large();
  const auto segments = static_cast<std::ptrdiff_t>((bytes + segment_bytes - 1) / segment_bytes);
  const bool proxy_has_room =
      store_->segments_free() >= segments && store_->has_room(queue, record_bytes(proxy_header(header)), L1Store::Claim::newcomer);
  return (proxy_has_room && store_->segments_free() >= segments + 2) || evictor_.make_segments_free(segments + 2, now_ms_);
}

std::optional<std::uint64_t> Cache::append_record(Queue queue, const RecordHeader& header, base::ByteView key,
                                                  base::MutableBytes& value) {
  if (is_large(header)) {
    const auto number = large_.try_take(header.value_bytes);
    if (!number) return std::nullopt;
    account_large();
    const auto location = append_proxy(queue, header, key, *number);
    if (!location) large_.release(*number);
    value = large_.memory(*number).first(header.value_bytes);
    return location;
  }
  const auto location = store_->try_append(queue, record_bytes(header), L1Store::Claim::newcomer);
  if (!location) return std::nullopt;
  std::byte* place = write_record_header(store_->at(*location), header);
  if (!key.empty()) std::memcpy(place, key.data(), key.size());
  value = {place + key.size(), header.value_bytes};
  if (header.expiry_ms != kNeverExpires) store_->note_expiry(*location, header.expiry_ms);
  return location;
}

std::optional<std::uint64_t> Cache::append_proxy(Queue queue, const RecordHeader& header, base::ByteView key,
                                                 std::uint32_t number) {
  const RecordHeader proxy = proxy_header(header);
  const auto location = store_->try_append(queue, record_bytes(proxy), L1Store::Claim::newcomer);
  if (!location) return std::nullopt;
  const Proxy content{number, header.value_bytes};
  write_record(store_->at(*location), proxy, key, std::as_bytes(std::span(&content, 1)));
  if (header.expiry_ms != kNeverExpires) store_->note_expiry(*location, header.expiry_ms);
  return location;
}

// The index points to the new version, and the old one is no more. An overwrite counts as a hit.
bool Cache::try_link(std::uint64_t hash, const Found& old, std::uint64_t location) {
  if (!old) {
    if (index_.try_insert(hash, Tier::l1, location)) return true;
    drop_record(location, RecordView(store_->at(location)));
    return false;
  }
  L1Word word = L1Word::of(store_->at(location));
  word.inherit(L1Word::of(store_->at(old.location)));
  replaced_dirty_ = word.is_dirty();
  word.set_dirty(false);  // until it is put into the queue
  word.store(store_->at(location));
  count_hit(location);
  index_.replace(old.slot, Tier::l1, location);
  drop_record(old.location, old.record);
  return true;
}

// --- reservations

// The record is appended as a hole, and its segment pinned: evictions pass it by, and its memory is not reused. A large value is released
// at once and held by its pin alone. Dropping the reservation drops the pins, and that is all.
Reservation Cache::try_reserve(base::ByteView key, std::size_t value_bytes, const PutOptions& options) {
  Reservation reservation;
  const RecordHeader header{.sequence = sequence_ + 1,
                            .expiry_ms = options.expiry_ms,
                            .client_flags = options.client_flags,
                            .key_bytes = length_of(key),
                            .value_bytes = static_cast<std::uint32_t>(value_bytes)};
  if (key.size() > kKeyBytesMax || value_bytes > kValueBytesMax) {
    refuse(WriteStatus::too_large);
    return reservation;
  }
  const bool has_room = make_room(hash_(key), Queue::small, header);
  if (has_room && is_large(header)) {
    if (const auto number = large_.try_take(value_bytes)) {
      reservation = Reservation(*number, true, large_.memory(*number).first(value_bytes), large_.pin(*number));
      large_.release(*number);
      account_large();
    }
  } else if (has_room) {
    base::MutableBytes value;
    if (const auto location = append_record(Queue::small, header, key, value)) {
      reservation = Reservation(*location, false, value, store_->pin(*location));
      store_->kill(*location);
    }
  }
  if (!reservation) refuse(WriteStatus::no_memory);
  return reservation;
}

WriteResult Cache::commit(Reservation& reservation, base::ByteView key, const PutOptions& options) {
  const std::uint64_t hash = hash_(key);
  const Found found = require(Probe(hash), key);
  if (const WriteStatus status = check(found, options.condition, options.version); status != WriteStatus::stored)
    return refuse(status);
  const RecordHeader header{.sequence = ++sequence_,
                            .expiry_ms = options.expiry_ms,
                            .client_flags = options.client_flags,
                            .key_bytes = length_of(key),
                            .value_bytes = length_of(reservation.value_)};
  std::uint64_t location = reservation.location_;
  if (reservation.is_large_) {
    const auto number = static_cast<std::uint32_t>(reservation.location_);
    if (!make_room(hash, Queue::small, proxy_header(header))) return refuse(WriteStatus::no_memory);
    const auto proxy = append_proxy(Queue::small, header, key, number);
    if (!proxy) return refuse(WriteStatus::no_memory);
    large_.revive(number);
    location = *proxy;
  } else {
    // Its segment may have been evicted or cleared around it, or be about to go: then the value moves once.
    const std::uint32_t segment = store_->number_of(location);
    if (!store_->segment(segment).is_listed || evictor_.is_walking(segment)) {
      const WriteResult result = put(key, reservation.value_, options);
      if (result.status == WriteStatus::stored) reservation = Reservation();
      return result;
    }
    store_->revive(location);
    write_record_header(store_->at(location), header);
    if (header.expiry_ms != kNeverExpires) store_->note_expiry(location, header.expiry_ms);
  }
  reservation = Reservation();
  if (!try_link(hash, find(hash, key), location)) return refuse(WriteStatus::no_memory);
  return finish(
      {.hash = hash, .location = location, .sequence = header.sequence, .value = {}, .appended_bytes = record_bytes(header)});
}

}  // namespace corering::cache
