#include "kv/store/keyspace.h"

#include <algorithm>
#include <limits>

#include "corering/base/assert.h"
#include "corering/cache/record.h"

namespace kv {

namespace {

using corering::cache::GetStatus;
using corering::cache::ItemRef;
using corering::cache::RemoveStatus;

constexpr std::size_t kPinsMax = std::size_t{1} << 20;
constexpr std::size_t kBatch = 32;
constexpr std::size_t kBatchKeyBytes = 64;  // longer keys are looked up one by one

}  // namespace

Keyspace::Keyspace(std::unique_ptr<corering::cache::Cache> cache)
    : cache_(std::move(cache)), state_arrival_(Arrival::to<&Keyspace::on_state_arrived>(this)), pins_({.live_max = kPinsMax}) {
  for (unsigned database = 0; database < kDatabaseCount; ++database) prefixes_[database] = static_cast<std::uint8_t>(database);
  if (cache_->log() == nullptr) {
    is_ready_ = true;
  } else {
    load_state();
  }
}

Keyspace::~Keyspace() { CORERING_ASSERT(visitors_.empty(), "an arrival outlives its keyspace"); }

// --- looking

// What does not fit a batch goes its own way: long keys, keys in the file, databases that are being emptied.
void Keyspace::find_batch(unsigned database, std::span<const std::string_view> keys, std::span<Entry> entries) {
  CORERING_ASSERT(keys.size() == entries.size(), "a batch has another number of entries than of keys");
  std::array<std::array<char, kBatchKeyBytes + 1>, kBatch> stored;
  std::array<corering::base::ByteView, kBatch> views;
  std::array<corering::cache::GetResult, kBatch> results;
  const std::uint8_t prefix = prefixes_[database];
  for (std::size_t first = 0; first < keys.size(); first += kBatch) {
    const std::size_t count = std::min(kBatch, keys.size() - first);
    std::size_t batched = 0;
    for (; batched < count && keys[first + batched].size() <= kBatchKeyBytes; ++batched) {
      const std::string_view key = keys[first + batched];
      stored[batched][0] = static_cast<char>(prefix);
      if (!key.empty()) std::memcpy(&stored[batched][1], key.data(), key.size());
      views[batched] = std::as_bytes(std::span(stored[batched]).first(key.size() + 1));
    }
    cache_->get_batch(std::span(views).first(batched), std::span(results).first(batched));
    for (std::size_t index = 0; index < count; ++index) {
      if (index < batched && results[index].status == GetStatus::hit && results[index].item.version() > marks_[prefix]) {
        entries[first + index] = Entry(std::move(results[index].item));
      } else if (index < batched && results[index].status == GetStatus::miss) {
        entries[first + index] = Entry();
      } else {
        if (index < batched) results[index].item = {};
        entries[first + index] = find(database, keys[first + index]);
      }
    }
  }
}

protocol::Pin Keyspace::pin(Entry& entry) {
  if (!entry || entry.visitor_ != nullptr) return {};
  Held* const held = pins_.try_borrow(Held{.keyspace = this, .entry = std::move(entry)});
  if (held == nullptr) return {};
  return {[](void* owner) noexcept {
            auto* const released = static_cast<Held*>(owner);
            released->keyspace->pins_.give_back(*released);
          },
          held};
}

// The item of an arrival is not in memory for anybody else.
Entry Keyspace::meet_cold(std::string_view stored) {
  for (const Arrival* visitor : visitors_) {
    if (visitor->key_ != stored) continue;
    if (visitor->outcome() == Arrival::Outcome::miss) return {};
    const ItemRef& item = visitor->fetch_.item();
    return item.version() > marks_[static_cast<std::uint8_t>(stored[0])] ? Entry(&item) : Entry();
  }
  cold_met_ = true;
  return {};
}

// --- writing

WriteResult Keyspace::refuse(std::string_view key, std::size_t value_bytes) noexcept {
  const bool fits = key.size() <= kKeyBytesMax && value_bytes <= kValueBytesMax;
  return {fits ? WriteStatus::no_memory : WriteStatus::too_large, 0};
}

WriteResult Keyspace::touch(unsigned database, std::string_view key, std::int64_t expiry_ms) {
  if (key.size() > kKeyBytesMax) return {WriteStatus::absent, 0};
  const StoredKey stored(*this, prefixes_[database], key);
  if (has_marks_) forget_flushed(stored);
  return noted(cache_->touch(stored.bytes(), expiry_ms));
}

bool Keyspace::remove(unsigned database, std::string_view key) {
  if (key.size() > kKeyBytesMax) return false;
  const StoredKey stored(*this, prefixes_[database], key);
  if (has_marks_) forget_flushed(stored);
  const RemoveStatus status = cache_->remove(stored.bytes());
  if (status == RemoveStatus::cold) cold_met_ = true;
  return status == RemoveStatus::removed;
}

corering::cache::Reservation Keyspace::try_reserve(unsigned database, std::string_view key, std::size_t value_bytes,
                                                   const PutOptions& options) {
  if (!admits(key, value_bytes)) return {};
  const StoredKey stored(*this, prefixes_[database], key);
  return cache_->try_reserve(stored.bytes(), value_bytes, options);
}

WriteResult Keyspace::commit(corering::cache::Reservation& reservation, unsigned database, std::string_view key,
                             const PutOptions& options) {
  const StoredKey stored(*this, prefixes_[database], key);
  if (has_marks_) forget_flushed(stored);
  note_use(stored.prefix());
  return noted(cache_->commit(reservation, stored.bytes(), options));
}

// Conditions, and answers of remove, are about what can be seen.
void Keyspace::forget_flushed(const StoredKey& stored) {
  auto found = cache_->peek(stored.bytes());
  if (found.status != GetStatus::hit || found.item.version() > marks_[stored.prefix()]) return;
  found.item = {};
  cache_->remove(stored.bytes());
}

char* Keyspace::long_key() {
  if (long_key_ == nullptr) long_key_ = std::make_unique_for_overwrite<char[]>(corering::cache::kKeyBytesMax);
  return long_key_.get();
}

// --- memory

std::size_t Keyspace::memory_usage(unsigned database, std::string_view key) {
  const Entry entry = peek(database, key);
  if (!entry) return 0;
  constexpr std::size_t kIndexBytes = sizeof(std::uint64_t);
  return kIndexBytes + corering::cache::record_bytes({.expiry_ms = entry.expiry_ms(),
                                                      .client_flags = entry.client_flags(),
                                                      .key_bytes = static_cast<std::uint32_t>(key.size() + 1),
                                                      .value_bytes = static_cast<std::uint32_t>(entry.value().size())});
}

bool Keyspace::budget_is_spent() { return cache_->counters().l1_live_bytes.value() >= budget_bytes_; }

// --- tiers

bool Keyspace::is_resident(unsigned database, std::string_view key) {
  if (key.size() > kKeyBytesMax) return true;
  const StoredKey stored(*this, prefixes_[database], key);
  return cache_->peek(stored.bytes()).status != GetStatus::cold;
}

bool Keyspace::try_require_resident(Arrival& arrival, unsigned database, std::string_view key, Arrival::Purpose purpose) {
  CORERING_ASSERT(!arrival.in_flight(), "an arrival is under way already");
  const StoredKey stored(*this, prefixes_[database], key);
  arrival.release();
  arrival.keyspace_ = this;
  arrival.key_ = stored.text();
  arrival.purpose_ = purpose;
  return cache_->try_fetch(arrival.fetch_, corering::base::bytes_of(arrival.key_), purpose);
}

void Arrival::on_fetched(corering::cache::Fetch&) {
  if (purpose_ == Purpose::read && (outcome() == Outcome::hit || outcome() == Outcome::miss)) keyspace_->visitors_.push_back(this);
  handler_(owner_, *this);
}

void Arrival::release() noexcept {
  fetch_.release();
  if (keyspace_ != nullptr) std::erase(keyspace_->visitors_, this);
}

bool Keyspace::advance(std::int64_t now_ms) {
  const bool more = cache_->advance(now_ms);
  if (!is_ready_) {
    if (!state_arrival_.in_flight()) load_state();
    return more || cache_->is_recovered();
  }
  if (has_appointments_) keep_appointments();
  if (is_sweeping_) sweep_flushed();
  if (cache_->log() != nullptr && !state_is_plain_ && now_ms - state_written_ms_ >= kStateRefreshMs) write_state();
  return more || is_sweeping_;
}

}  // namespace kv
