// Keyspace: the keys of one core, in 16 databases, over one cache::Cache.
//
// What handlers see of the store: strings with an expiry, client flags and a version, and no tiers: before a handler runs, the items of its
// keys are in memory (see require_resident). A database is one byte in front of the key, so all share the budgets and one index.
// Databases are exchanged by exchanging their bytes. One is emptied by remembering the version below which its items are gone; they are
// removed a few at a time. With a file, both are remembered in an item of its own.
//
//   Keyspace keyspace(std::move(cache));
//   keyspace.put(0, "key", "value");
//   if (const Entry entry = keyspace.find(0, "key")) reply.bulk(entry.value());
//
// Thread: whoever owns it at the moment: its core, or a core that has borrowed it; advance(), require_resident() and releasing a pin: its
// core only. Lifetime: see Entry; outlives every Entry, Arrival and pin.
// Errors: no_memory (nothing may be evicted and the budget is spent; or everything is pinned), too_large (kKeyBytesMax, 512 MiB).
// Cost: as the cache's own, and a copy of the key.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corering/cache/cache.h"
#include "corering/mem/object_pool.h"
#include "kv/protocol/reply_sink.h"
#include "kv/store/arrival.h"
#include "kv/store/cold_names.h"
#include "kv/store/entry.h"
#include "kv/store/item_notes.h"

namespace kv {

using corering::cache::Condition;
using corering::cache::kNeverExpires;
using corering::cache::ModifyOptions;
using corering::cache::PutOptions;
using corering::cache::WriteResult;
using corering::cache::WriteStatus;
using Bytes = corering::base::MutableBytes;

inline constexpr unsigned kDatabaseCount = 16;
inline constexpr std::size_t kKeyBytesMax = corering::cache::kKeyBytesMax - 1;
inline constexpr std::size_t kValueBytesMax = corering::cache::kValueBytesMax;

// What happens when the budget is spent.
enum class Eviction : std::uint8_t { allowed, refused };

class Keyspace {
 public:
  // A look-up that has begun, so that its cache misses are over when it is needed.
  class Ahead {
   public:
    explicit operator bool() const noexcept { return size_ != 0; }

   private:
    friend class Keyspace;
    static constexpr std::size_t kStoredBytesMax = 48;  // longer keys are looked up when they come
    corering::base::ByteView bytes() const noexcept { return std::as_bytes(std::span(stored_).first(size_)); }

    corering::cache::Probe probe_;
    std::uint8_t size_ = 0;
    std::array<char, kStoredBytesMax> stored_;
  };

  explicit Keyspace(std::unique_ptr<corering::cache::Cache> cache);
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;
  ~Keyspace();

  // --- looking

  // Counts as a use of the key. Empty: there is none.
  Entry find(unsigned database, std::string_view key) { return look(database, key, Look::use); }
  // `ahead` may be null, or nothing; otherwise it is of this key and database.
  Entry find(unsigned database, std::string_view key, const Ahead* ahead) {
    if (ahead == nullptr || !*ahead) return find(database, key);
    auto found = cache_->get(ahead->bytes(), ahead->probe_);
    if (found.status == corering::cache::GetStatus::miss) return {};
    if (found.status == corering::cache::GetStatus::hit && found.item.version() > marks_[prefixes_[database]]) [[likely]]
      return Entry(std::move(found.item));
    found.item = {};
    return find(database, key);
  }

  // Two steps, some hundred nanoseconds of other work apart, before the look-up itself. Lifetime: until the turn ends.
  void begin(unsigned database, std::string_view key, Ahead& ahead) const noexcept {
    ahead.size_ = 0;
    if (key.size() >= Ahead::kStoredBytesMax || has_marks_) [[unlikely]]
      return;
    ahead.stored_[0] = static_cast<char>(prefixes_[database]);
    if (!key.empty()) std::memcpy(&ahead.stored_[1], key.data(), key.size());
    ahead.size_ = static_cast<std::uint8_t>(key.size() + 1);
    ahead.probe_ = cache_->probe(ahead.bytes());
  }
  void load(Ahead& ahead) noexcept {
    if (ahead) cache_->prefetch(ahead.probe_);
  }
  // Does not: for EXISTS, TTL, OBJECT and their like.
  Entry peek(unsigned database, std::string_view key) { return look(database, key, Look::glance); }

  // find() of many keys, whose cache misses overlap. Requires: as many entries as keys.
  void find_batch(unsigned database, std::span<const std::string_view> keys, std::span<Entry> entries);

  // Keeps what `entry` shows, which is this keyspace's, until the pin is released. Empty (no release): it cannot be, copy it.
  protocol::Pin pin(Entry& entry);

  // --- writing

  WriteResult put(unsigned database, std::string_view key, std::string_view value, const PutOptions& options = {},
                  const Ahead* ahead = nullptr) {
    const auto fill = [value](Bytes place) {
      if (!value.empty()) std::memcpy(place.data(), value.data(), value.size());
    };
    const bool is_begun = ahead != nullptr && *ahead && !has_marks_ && admits(key, value.size());
    if (!is_begun) return write(database, key, value.size(), options, fill);
    note_use(prefixes_[database]);
    return noted(cache_->write(ahead->bytes(), ahead->probe_, value.size(), options, fill));
  }

  // put whose value fill(Bytes) writes, all of it, where it is to lie. Neither fill nor edit may use the keyspace.
  template <typename Fill>
  WriteResult write(unsigned database, std::string_view key, std::size_t value_bytes, const PutOptions& options, Fill&& fill) {
    if (!admits(key, value_bytes)) [[unlikely]]
      return refuse(key, value_bytes);
    const StoredKey stored(*this, prefixes_[database], key);
    if (has_marks_) [[unlikely]]
      forget_flushed(stored);
    note_use(prefixes_[database]);
    return noted(cache_->write(stored.bytes(), value_bytes, options, std::forward<Fill>(fill)));
  }

  // Changes a value: edit(Bytes) finds `value_bytes` bytes that begin with the old value, as far as they go. What options do not
  // name stays.
  template <typename Edit>
  WriteResult modify(unsigned database, std::string_view key, std::size_t value_bytes, const ModifyOptions& options, Edit&& edit) {
    if (!admits(key, value_bytes)) [[unlikely]]
      return refuse(key, value_bytes);
    const StoredKey stored(*this, prefixes_[database], key);
    if (has_marks_) [[unlikely]]
      forget_flushed(stored);
    return noted(cache_->modify(stored.bytes(), value_bytes, options, std::forward<Edit>(edit)));
  }

  // kNeverExpires: it stays. Not stored: absent, no_memory.
  WriteResult touch(unsigned database, std::string_view key, std::int64_t expiry_ms);
  bool set_expiry(unsigned database, std::string_view key, std::int64_t expiry_ms) {
    return touch(database, key, expiry_ms).status == WriteStatus::stored;
  }

  bool remove(unsigned database, std::string_view key);

  // A place for a value that is still to come. As Cache::try_reserve and commit.
  corering::cache::Reservation try_reserve(unsigned database, std::string_view key, std::size_t value_bytes,
                                           const PutOptions& options);
  WriteResult commit(corering::cache::Reservation& reservation, unsigned database, std::string_view key, const PutOptions& options);

  // --- databases

  // Keys in it, expired ones included until they are found. Exact while one database has keys and up to a million keys in memory in all;
  // beyond that, and with keys of several databases in a file, an estimate from those in memory and what was last counted.
  std::uint64_t size(unsigned database);
  // Empties it.
  void clear(unsigned database);
  void clear_all();
  // Empties it at that time.
  void clear_at(unsigned database, std::int64_t at_ms);
  void swap(unsigned one, unsigned other);

  // Calls visit(key) for the keys of a few neighbouring places and returns the next cursor, 0 at the end: multiples of 1024, so that 10
  // bits are left for a core's number. A key that stays is visited at least once. Neither function may use the keyspace.
  // Of items in the file those are visited whose names are shown; visit_unknown(ColdItem) is called for the others.
  template <typename Visit, typename VisitUnknown>
  std::uint64_t scan(unsigned database, std::uint64_t cursor, Visit&& visit, VisitUnknown&& visit_unknown) {
    const std::uint8_t prefix = prefixes_[database];
    const auto visit_stored = [&](std::string_view stored, std::uint64_t version) {
      if (static_cast<std::uint8_t>(stored[0]) == prefix && version > marks_[prefix]) visit(stored.substr(1));
    };
    return cache_->scan(
        cursor, [&](const corering::cache::ItemRef& item) { visit_stored(corering::base::text_of(item.key()), item.version()); },
        [&](corering::cache::ColdItem item) {
          const ColdNames::Name* const name = names_ == nullptr ? nullptr : names_->find(item.location);
          if (name == nullptr) return visit_unknown(item);
          const bool is_there = !name->stored.empty() && (name->expiry_ms == kNeverExpires || name->expiry_ms > now_ms());
          if (is_there) visit_stored(name->stored, name->version);
        });
  }
  template <typename Visit>
  std::uint64_t scan(unsigned database, std::uint64_t cursor, Visit&& visit) {
    return scan(database, cursor, std::forward<Visit>(visit), [](corering::cache::ColdItem) {});
  }

  // Names of items in the file, for the command that runs now; null: none. Lifetime: until the next call.
  void show(const ColdNames* names) noexcept { names_ = names; }

  // Appends one of the keys to `key`, each as likely as the other, almost. False: there is none in memory, and none whose name is shown.
  bool random_key(unsigned database, std::uint64_t random, std::string& key);

  // --- memory

  // What a key takes: record and index. 0: there is none.
  std::size_t memory_usage(unsigned database, std::string_view key);
  // The budget counts items, not what the cache keeps free to move them in: with Eviction::refused give L1 an eighth more.
  void set_eviction(Eviction eviction, std::uint64_t budget_bytes) noexcept {
    eviction_ = eviction;
    budget_bytes_ = budget_bytes;
  }
  // Nothing may be evicted, and the budget is spent: commands that need memory are refused.
  bool is_full() { return eviction_ == Eviction::refused && budget_is_spent(); }

  // --- tiers

  // Whether find, and all writes, know the key without the file.
  bool is_resident(unsigned database, std::string_view key);
  // Starts to bring its item up. False: too many are on their way; the answer is an error.
  bool try_require_resident(Arrival& arrival, unsigned database, std::string_view key, Arrival::Purpose purpose);
  // The same for an item of which only the place is known: its name is wanted.
  bool try_read(corering::cache::Fetch& fetch, corering::cache::ColdItem item) { return cache_->try_fetch(fetch, item); }
  // Whether an operation since the last call met an item that was not resident; if so its answer is void: run the command again.
  bool take_cold_met() noexcept { return std::exchange(cold_met_, false); }

  // See Cache::begin_stop.
  void begin_stop();

  // Time, and a piece of the work that waits. Once per turn. True: more of it waits, see Cache::advance.
  bool advance(std::int64_t now_ms);
  std::int64_t now_ms() const noexcept { return cache_->now_ms(); }
  // With a file: false until the keys are known again.
  bool is_ready() const noexcept { return is_ready_; }

  corering::cache::Cache& cache() noexcept { return *cache_; }
  ItemNotes& notes() noexcept { return notes_; }

 private:
  friend class Arrival;
  static constexpr std::int64_t kStateRefreshMs = 60'000;  // the item of the state must not become the coldest of all
  static constexpr std::size_t kShortKeyBytes = 127;

  enum class Look : bool { use, glance };

  // A key as it is stored: its database in front.
  class StoredKey {
   public:
    StoredKey(Keyspace& keyspace, std::uint8_t prefix, std::string_view key) : size_(key.size() + 1) {
      begin_ = size_ <= short_.size() ? short_.data() : keyspace.long_key();
      begin_[0] = static_cast<char>(prefix);
      if (!key.empty()) std::memcpy(begin_ + 1, key.data(), key.size());
    }
    StoredKey(const StoredKey&) = delete;
    StoredKey& operator=(const StoredKey&) = delete;

    std::string_view text() const noexcept { return {begin_, size_}; }
    corering::base::ByteView bytes() const noexcept { return corering::base::bytes_of(text()); }
    std::uint8_t prefix() const noexcept { return static_cast<std::uint8_t>(begin_[0]); }

   private:
    char* begin_;
    std::size_t size_;
    std::array<char, kShortKeyBytes + 1> short_;
  };

  // What a pin holds.
  struct Held {
    Keyspace* keyspace;
    Entry entry;
  };

  Entry look(unsigned database, std::string_view key, Look how) {
    if (key.size() > kKeyBytesMax) [[unlikely]]
      return {};
    const StoredKey stored(*this, prefixes_[database], key);
    auto found = how == Look::use ? cache_->get(stored.bytes()) : cache_->peek(stored.bytes());
    if (found.status == corering::cache::GetStatus::hit) [[likely]] {
      if (found.item.version() > marks_[stored.prefix()]) [[likely]]
        return Entry(std::move(found.item));
      found.item = {};
      cache_->remove(stored.bytes());
      return {};
    }
    return found.status == corering::cache::GetStatus::cold ? meet_cold(stored.text()) : Entry();
  }

  bool admits(std::string_view key, std::size_t value_bytes) {
    return key.size() <= kKeyBytesMax && value_bytes <= kValueBytesMax && (eviction_ == Eviction::allowed || !budget_is_spent());
  }
  WriteResult refuse(std::string_view key, std::size_t value_bytes) noexcept;
  WriteResult noted(WriteResult result) noexcept {
    if (result.status == WriteStatus::cold) [[unlikely]]
      cold_met_ = true;
    return result;
  }
  void note_use(std::uint8_t prefix) {
    if ((used_ >> prefix & 1) == 0) [[unlikely]]
      begin_use(prefix);
  }

  char* long_key();
  Entry meet_cold(std::string_view stored);
  void forget_flushed(const StoredKey& stored);
  bool budget_is_spent();
  void begin_use(std::uint8_t prefix);
  std::uint64_t count_by_scan(std::uint8_t prefix, std::uint64_t seen_max);
  bool only_uses(std::uint8_t prefix) const noexcept { return (used_ & ~(1U << prefix)) == 0; }
  void keep_appointments();
  void sweep_flushed();
  bool write_state();
  void read_state(const corering::cache::ItemRef& item);
  void load_state();
  void on_state_arrived(Arrival& arrival);

  std::unique_ptr<corering::cache::Cache> cache_;
  std::array<std::uint8_t, kDatabaseCount> prefixes_;       // of each database
  std::array<std::uint64_t, kDatabaseCount> marks_{};       // of each prefix: versions up to this one are gone
  std::array<std::int64_t, kDatabaseCount> clear_at_ms_{};  // of each prefix; 0: not at all
  std::uint32_t used_ = 1;                                  // prefixes that may have keys
  bool has_marks_ = false;
  bool has_appointments_ = false;
  bool is_sweeping_ = false;
  bool is_ready_ = false;
  bool cold_met_ = false;
  bool state_is_plain_ = true;  // as that of a keyspace where nothing has happened: needs no item
  Eviction eviction_ = Eviction::allowed;
  std::uint64_t budget_bytes_ = 0;
  std::uint64_t sweep_cursor_ = 0;
  std::int64_t state_written_ms_ = 0;
  std::unique_ptr<char[]> long_key_;
  std::vector<Arrival*> visitors_;
  const ColdNames* names_ = nullptr;
  std::array<std::uint64_t, kDatabaseCount> counts_{};  // of each prefix, as last counted: see size()
  ItemNotes notes_;
  Arrival state_arrival_;
  corering::mem::ObjectPool<Held> pins_;
};

}  // namespace kv
