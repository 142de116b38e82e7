// Cache: the items of one core, in tiers: hot ones in L1, warm ones in L2, cold ones in the file (L3).
//
//   auto cache = Cache::open({.l1_bytes = std::size_t{1} << 30});
//   (*cache)->put(key, value, {.expiry_ms = now_ms + 60'000});
//   if (auto found = (*cache)->get(key); found.status == GetStatus::hit) send(found.item.value());
//
// Everything but a cold item is answered at once. For a cold one every operation that must see it says `cold`: then fetch() the item, which
// brings it into L1, and repeat the operation. So there is one way to wait, and commands stay plain functions.
//
// A cache forgets: whatever is not asked for may be gone when memory is short. It never invents: what it returns is what was stored last.
//
// Time is what advance() was last given, in milliseconds since 1970; an item whose expiry has come is a miss from then on. A time that
// goes back is taken as it is.
//
// Not for sharing: one cache per core, no locks. Keys and values are bytes; what they mean, and which core a key belongs to, is the
// affair of the caller.
//
// Thread: owning core only. Lifetime: outlives every ItemRef, Reservation and Fetch (asserted). Errors: see WriteStatus.
// Cost: get 20 to 60 ns while the cache line is warm, about two cache misses otherwise; put the same and a copy. No allocation but by
// growth, in pieces: 2 MiB of index, 64 MiB of L1; a large value (more than a quarter of a segment) is one mmap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "corering/base/bytes.h"
#include "corering/base/result.h"
#include "corering/cache/block_device.h"
#include "corering/cache/cache_options.h"
#include "corering/cache/counters.h"
#include "corering/cache/dirty_queue.h"
#include "corering/cache/evictor.h"
#include "corering/cache/fetch.h"
#include "corering/cache/ghost.h"
#include "corering/cache/hash.h"
#include "corering/cache/index.h"
#include "corering/cache/item_ref.h"
#include "corering/cache/l1_store.h"
#include "corering/cache/large_values.h"
#include "corering/cache/log.h"
#include "corering/cache/log_owner.h"
#include "corering/cache/operations.h"
#include "corering/cache/record.h"
#include "corering/mem/lent_memory.h"
#include "corering/mem/mapping.h"

namespace corering::cache {

// A look-up that has begun: see Cache::probe.
class Probe {
 public:
  Probe() = default;

 private:
  friend class Cache;
  explicit Probe(std::uint64_t hash) noexcept : hash_(hash) {}

  std::uint64_t hash_ = 0;
  Index::Slot slot_;               // that may be the key's
  std::uint64_t index_slots_ = 0;  // then
};

// An item that is being written and that nobody can see: a place for bytes that are still to be received.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&&) = default;
  Reservation& operator=(Reservation&&) = default;

  explicit operator bool() const noexcept { return static_cast<bool>(pin_); }
  base::MutableBytes value() const noexcept { return value_; }  // to be written, wholly, before commit

 private:
  friend class Cache;
  Reservation(std::uint64_t location, bool is_large, base::MutableBytes value, Pin pin) noexcept
      : location_(location), is_large_(is_large), value_(value), pin_(std::move(pin)) {}

  std::uint64_t location_ = 0;  // in L1, or the number of a large value
  bool is_large_ = false;
  base::MutableBytes value_;
  Pin pin_;
};

class Cache final : private Departure, private LogOwner {
 public:
  // Errors: invalid_argument (an L1 below 6 segments of 4 KiB, an impossible segment size, a log that refuses its options); out_of_memory.
  static base::Result<std::unique_ptr<Cache>> open(const CacheOptions& options);
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;
  ~Cache() override;

  // What these options need of CacheOptions::memory, if nothing but large values is to be mapped. With a file: once its layout is known,
  // before there is a device.
  static std::size_t memory_bytes_wanted(const CacheOptions& options) noexcept;

  // The time, and a bounded piece of the work that waits (evictions, expiries, memory to be given back, recovery, write-back). Once
  // per turn. True: more of it waits, and not for the device alone: call again in the next turn, whether or not anything else happens.
  bool advance(std::int64_t now_ms);
  std::int64_t now_ms() const noexcept { return now_ms_; }

  // With a file: everything else waits until its items are known again; advance() carries that on.
  bool is_recovered() const noexcept { return !log_ || log_->is_recovered(); }

  GetResult get(base::ByteView key);

  // The same for many keys at once, whose cache misses overlap. Requires: as many results as keys.
  void get_batch(std::span<const base::ByteView> keys, std::span<GetResult> results);

  // Operations on many keys, one after the other, whose cache misses overlap with each other and with whatever else is done: probe()
  // begins to load where the index tells of a key, prefetch() the item itself. Between the steps of one key lie some hundred nanoseconds
  // of other keys' steps. A probe changes nothing; operations in between do not make it wrong, only useless.
  // Lifetime of a probe: until the cache is advanced or cleared.
  Probe probe(base::ByteView key) const noexcept;
  void prefetch(Probe& probe) noexcept;
  // Require: the probe is of that key.
  GetResult get(base::ByteView key, const Probe& probe);
  template <typename Fill>
  WriteResult write(base::ByteView key, const Probe& probe, std::size_t value_bytes, const PutOptions& options, Fill&& fill) {
    Draft draft;
    if (const WriteResult refused = begin_put(key, probe, value_bytes, options, draft); refused.status != WriteStatus::stored)
      return refused;
    std::forward<Fill>(fill)(draft.value);
    return finish(draft);
  }

  // Without counting as a hit: for EXISTS, TTL, MEMORY and their like.
  GetResult peek(base::ByteView key);

  WriteResult put(base::ByteView key, base::ByteView value, const PutOptions& options = {});

  // put whose value fill(MutableBytes) writes, all of it, where it is to lie. Neither fill nor edit may call the cache.
  template <typename Fill>
  WriteResult write(base::ByteView key, std::size_t value_bytes, const PutOptions& options, Fill&& fill) {
    return write(key, Probe(hash_(key)), value_bytes, options, std::forward<Fill>(fill));
  }

  // Changes an item: edit(MutableBytes) finds `value_bytes` bytes that begin with the old value, as far as they go. In place if nobody
  // has pinned the item and the place is large enough, else in a copy.
  template <typename Edit>
  WriteResult modify(base::ByteView key, std::size_t value_bytes, const ModifyOptions& options, Edit&& edit) {
    Draft draft;
    if (const WriteResult refused = begin_modify(key, value_bytes, options, draft); refused.status != WriteStatus::stored)
      return refused;
    std::forward<Edit>(edit)(draft.value);
    return finish(draft);
  }

  // Changes the expiry alone; the version grows.
  WriteResult touch(base::ByteView key, std::int64_t expiry_ms);

  RemoveStatus remove(base::ByteView key);

  // Brings a cold item up; see Fetch. False, and counted, if too many are on their way: the answer to whoever waits is an error.
  bool try_fetch(Fetch& fetch, base::ByteView key, Fetch::Purpose purpose);
  bool try_fetch(Fetch& fetch, ColdItem item);  // as a read

  // Everything is gone at once; memory is given back, or reused, piece by piece. What is pinned stays readable.
  void clear();

  // Memory for a value that is still to come. Nothing if there is none, or if key or value are too large. Dropping it undoes it.
  Reservation try_reserve(base::ByteView key, std::size_t value_bytes, const PutOptions& options);
  // Makes it an item; the reservation is empty afterwards. If that is refused it stays, and can be committed again or dropped.
  // Requires: the same key and options (but for condition and version, which are looked at now).
  WriteResult commit(Reservation& reservation, base::ByteView key, const PutOptions& options);

  // Calls visit(const ItemRef&) for some items, visit_cold(ColdItem) for those in the file, and returns the cursor of the next, 0 after
  // the last. From cursor 0 on, an item that stays throughout is visited at least once, and seldom twice, whatever else comes and
  // goes, between the tiers too. Neither may change the cache.
  template <typename Visit, typename VisitCold>
  std::uint64_t scan(std::uint64_t cursor, Visit&& visit, VisitCold&& visit_cold) {
    return index_.visit_group(cursor, [&](IndexEntry entry) {
      if (const ItemRef item = item_of(entry)) {
        visit(item);
      } else if (is_cold(entry)) {
        visit_cold(ColdItem{entry.location()});
      }
    });
  }
  // For caches without a file.
  template <typename Visit>
  std::uint64_t scan(std::uint64_t cursor, Visit&& visit) {
    return scan(cursor, std::forward<Visit>(visit), [](ColdItem) {});
  }

  // Asks for a sync point now instead of within sync_ms, for those who wait for one. Everything stored so far is durable when
  // durable_version() has reached the number returned; never, if the file fails before: see Log::file_state. Requires: there is a file.
  std::uint64_t request_sync() noexcept {
    sync_wanted_ = true;
    return sequence_;
  }

  // Sync points that have ended, well or not; and of the rounds before them those that left something out, because the file was full:
  // while that goes on, durable_version() stands still.
  std::uint64_t sync_points_ended() const noexcept { return sync_points_ended_; }
  std::uint64_t rounds_cut_short() const noexcept { return rounds_cut_short_; }

  // A clean stop: from now on advance() writes what the file does not hold yet. Nothing is lost if the caller goes on with it, and
  // with the device, until is_stopped(), and if the log has room: a file that cannot hold L1 and L2 keeps what fits (stop_lost), and values
  // larger than a segment stay out of it (log_too_large). Store nothing more.
  void begin_stop() noexcept {
    is_stopping_ = true;
    stop_rewrites_left_ = index_.count();
  }
  bool is_stopped() const noexcept;

  // What a crash may take: changes up to durable_version() are in the file, those behind it up to last_version() perhaps not yet. A change
  // is a put, a delete or a clear. What is durable may still be evicted. Without a file durable_version() stays 0.
  std::uint64_t last_version() const noexcept { return sequence_; }
  std::uint64_t durable_version() const noexcept { return durable_version_; }

  // At once as far as room is there; what is too much leaves with the following operations. Errors: invalid_argument.
  base::Result<> set_l1_bytes(std::size_t bytes);

  std::uint64_t item_count() const noexcept { return index_.count(); }  // expired ones included until they are found
  std::size_t memory_bytes() const noexcept;                            // DRAM: index, segments, large values, ghosts
  std::size_t value_bytes_max() const noexcept { return kValueBytesMax; }
  const CacheCounters& counters() noexcept;  // gauges as of now
  const Log* log() const noexcept { return log_.get(); }

 private:
  // A change between its begin and its finish.
  struct Draft {
    std::uint64_t hash = 0;
    std::uint64_t location = 0;
    std::uint64_t sequence = 0;
    base::MutableBytes value;
    std::size_t appended_bytes = 0;
  };
  struct Found {
    Index::Slot slot;
    std::uint64_t location = 0;
    RecordView record;
    bool is_cold = false;   // not in L1, but entries in the log have its tag
    bool is_stuck = false;  // it lies in memory below L1, and L1 has no room for it
    explicit operator bool() const noexcept { return static_cast<bool>(slot); }
  };

  Cache(const CacheOptions& options, std::unique_ptr<L1Store> store, Index index);
  base::Result<> open_log(const CacheOptions& options);
  static base::MutableBytes log_memory(const CacheOptions& options) noexcept;
  static L1Options l1_options(const CacheOptions& options) noexcept;

  friend class Fetch;

  struct InLog {
    Index::Slot slot;
    IndexEntry entry;
    std::optional<PinnedRecord> view;  // if it lies in memory, and is of the key
    bool is_unknown = false;           // an entry in the file may be of the key
  };

  void on_evict(std::uint64_t hash, std::uint64_t location, const RecordView& record, Queue from) override;
  void on_dirty_moved(std::uint64_t hash, std::uint64_t to) override { queue_of_moved().push(hash, Tier::l1, to); }
  void on_expire(std::uint64_t hash, std::uint64_t location, const RecordView& record) override;

  Fate on_clean(LogTier tier, LogLocation from, const RecordView& record) override;
  void on_moved(const RecordView& record, LogLocation from, LogLocation to) override;
  void on_dropped(const RecordView& record, LogLocation from) override;
  void on_recovered(const RecoveredRecord& record) override;
  void on_recovery_ended(std::uint64_t sequence_max) override;
  void on_recovery_progress(std::uint64_t bytes_read, std::uint64_t bytes_total) override;
  void on_sync_ended(SyncTicket ticket, bool durable) override;
  void on_file_forgotten() override {
    rewrite_cursor_ = 0;
    write_back_version_ = 0;
  }
  void on_sync_wanted() override { sync_wanted_ = true; }
  void on_file_state(FileState state) override;

  bool has_file() const noexcept { return file_units_ != 0; }
  bool lies_in_file(std::uint64_t location) const noexcept { return location < file_units_; }
  bool is_cold(IndexEntry entry) const noexcept;
  InLog find_in_log(std::uint64_t hash, base::ByteView key);
  Found require(const Probe& probe, base::ByteView key);
  GetResult get_from_log(std::uint64_t hash, base::ByteView key);
  bool is_due_for_promotion(std::uint64_t hash, std::uint64_t location, std::size_t bytes);
  bool try_promote(std::uint64_t hash, IndexEntry entry, const RecordView& record);
  bool try_demote(std::uint64_t hash, std::uint64_t location, const RecordView& record, Queue from);
  std::optional<RecordView> for_log(const RecordView& record);
  void drop_from_log(Index::Slot slot, base::ByteView key);
  void bury(base::ByteView key);
  void mark_dirty(std::uint64_t hash, std::uint64_t location, DirtyQueue& queue);
  void forget_dirty() noexcept;
  // Where an item goes that was queued already, and lies elsewhere, or is another version, from now on.
  DirtyQueue& queue_of_moved() noexcept { return write_back_ == WriteBack::writing ? moved_ : dirty_; }
  bool is_copy_of_current(std::uint64_t hash, const RecordView& record);
  bool step_log(Log::Readers readers = Log::Readers::hear);
  bool write_back(std::size_t bytes);
  void mark_all_dirty();
  bool try_write_back(const DirtyQueue::Item& item, std::size_t& bytes);

  std::uint64_t next_place(const Fetch& fetch);
  void conclude(Fetch& fetch);
  void count_miss() noexcept;
  void on_cold_read(Fetch& fetch);
  void end(Fetch& fetch, Fetch::Outcome outcome);
  void end_queued_fetches();

  Found find(std::uint64_t hash, base::ByteView key);
  Found find(const Probe& probe, base::ByteView key);
  GetResult result_of(const Found& found);
  ItemRef item_of(IndexEntry entry);
  ItemRef refer_to(std::uint64_t location, const RecordView& record);
  void count_hit(std::uint64_t location) noexcept;

  WriteResult refuse(WriteStatus status) noexcept;
  WriteStatus check(const Found& found, Condition condition, std::uint64_t version) const noexcept;
  WriteResult begin_put(base::ByteView key, const Probe& probe, std::size_t value_bytes, const PutOptions& options, Draft& draft);
  WriteResult begin_modify(base::ByteView key, std::size_t value_bytes, const ModifyOptions& options, Draft& draft);
  WriteResult finish(const Draft& draft);

  bool is_large(const RecordHeader& header) const noexcept { return record_bytes(header) > store_->record_bytes_max(); }
  bool try_in_place(std::uint64_t hash, const Found& found, const RecordHeader& header, Draft& draft);
  // `old`: whose value is to be taken over, as far as it goes; for modify.
  WriteResult append(std::uint64_t hash, base::ByteView key, const RecordHeader& header, const ItemRef* old, Draft& draft);
  bool try_make_room(Queue queue, const RecordHeader& header);
  bool make_room(std::uint64_t hash, Queue queue, const RecordHeader& header);
  std::optional<std::uint64_t> append_record(Queue queue, const RecordHeader& header, base::ByteView key,
                                             base::MutableBytes& value);
  std::optional<std::uint64_t> append_proxy(Queue queue, const RecordHeader& header, base::ByteView key, std::uint32_t number);
  bool try_link(std::uint64_t hash, const Found& old, std::uint64_t location);
  void drop_record(std::uint64_t location, const RecordView& record) noexcept;
  void sweep_expired(std::size_t bytes);
  bool sweep_segment(std::size_t& bytes);
  void account_large() noexcept { store_->set_outside_bytes(large_.bytes()); }

  std::int64_t now_ms_;
  std::uint64_t hash_seed_;
  KeyHash hash_;
  std::uint64_t sequence_ = 0;  // of the last write
  std::unique_ptr<L1Store> store_;
  LargeValues large_;
  Index index_;
  Ghost ghost_;
  CacheCounters counters_;
  Evictor evictor_;
  // Where the search for expired items is.
  struct Sweep {
    std::uint32_t segment = 0;
    std::uint32_t generation = 0;
    std::uint32_t offset_bytes = 0;
    bool is_inside = false;
  };
  Sweep sweep_;

  std::unique_ptr<Log> log_;
  mem::Mapping assembled_;        // where the record of a large value is put together for the log; touched when one is
  std::uint64_t file_units_ = 0;  // locations below are in the file
  bool has_memory_tier_ = false;
  // Items that are about to be replaced, whose old version must not go to the log meanwhile. Making room steps the log, which may end a
  // fetch, which makes room for another.
  struct Replacing {
    std::uint64_t hash;
    const Replacing* outer;
  };
  bool is_being_replaced(std::uint64_t hash) const noexcept {
    const Replacing* each = replacing_;
    while (each != nullptr && each->hash != hash) each = each->outer;
    return each != nullptr;
  }
  const Replacing* replacing_ = nullptr;
  std::uint64_t file_segments_free_ = 0;   // at the last step of the log
  std::uint64_t file_segments_spare_ = 0;  // below that many free ones the file takes only what was hit
  bool is_in_log_step_ = false;
  Fate last_fate_ = Fate::dead;
  std::size_t promotion_bytes_ = 0;  // that may be promoted now
  std::size_t promoted_bytes_per_s_max_;
  base::List<Fetch, FetchTag> queued_fetches_;  // that end without a read

  // Writing back: idle, or since `prepared` up to the item numbered write_back_end_, or a sync point is under way.
  enum class WriteBack : std::uint8_t { idle, writing, syncing };
  DirtyQueue dirty_;
  DirtyQueue moved_;             // while a round is being written: it must not pass by what moves meanwhile
  bool replaced_dirty_ = false;  // the change that is being finished
  WriteBack write_back_ = WriteBack::idle;
  std::uint64_t write_back_end_ = 0;
  std::uint64_t write_back_version_ = 0;  // what the round makes durable; 0 if it leaves something out
  std::uint64_t durable_version_ = 0;
  std::uint64_t sync_points_ended_ = 0;
  std::uint64_t rounds_cut_short_ = 0;
  std::int64_t sync_ms_;
  std::int64_t next_sync_ms_;
  bool sync_wanted_ = false;
  std::optional<std::uint64_t> rewrite_cursor_;  // how far items are marked that the file has forgotten
  bool is_stopping_ = false;
  bool is_stop_synced_ = false;
  std::uint64_t stop_rewrites_left_ = 0;
  std::uint64_t read_errors_ = 0;        // of the log, at its last step
  std::uint64_t recovery_reported_ = 0;  // GiB
};

}  // namespace corering::cache
