// MapOwner: the smallest honest owner of a log: a map instead of an index, L1 as copies of records.
//
// Keeps the owner's duties as the cache does: one current place per key; a tombstone for every delete, and for every item that is dropped
// unsaved, of a key that may have a copy in the file; at a sync point everything dirty is handed over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "corering/cache/hash.h"
#include "corering/cache/log.h"
#include "corering/testing/random.h"

namespace sim {

using namespace corering;

class MapOwner final : public cache::LogOwner {
 public:
  static constexpr std::uint64_t kHashSeed = 42;

  struct Item {
    std::vector<std::byte> record;  // in L1; empty if it lies in the log
    cache::LogLocation location;
    bool dirty = false;
  };

  // Chances in 1000 of the fates of records that are current.
  struct Fates {
    unsigned memory_to_file = 800;
    unsigned memory_stays = 100;
    unsigned file_stays = 700;
    unsigned file_to_memory = 50;
  };

  // `file_bytes`: of the segments of the file; locations below lie in it.
  MapOwner(std::uint64_t seed, std::uint64_t file_bytes)
      : random_(seed), file_units_(file_bytes / cache::LogLocation::kUnitBytes) {}

  void set_log(cache::Log& log) noexcept { log_ = &log; }
  void set_fates(const Fates& fates) noexcept { fates_ = fates; }

  void put(const std::string& key, const std::string& value, std::int64_t expiry_ms = cache::kNeverExpires);
  void erase(const std::string& key);
  void clear();

  // Out of L1: into the memory tier, or, if that refuses, out of the cache.
  void evict(std::uint64_t hash);

  // Up into L1 from a record that was read.
  void promote(std::uint64_t hash, const cache::RecordView& record);

  // Everything dirty goes to the file. False if some could not: the sync point does not cover those.
  bool hand_over();
  // At most `count` of them; true when none is left.
  bool hand_over_some(std::size_t count);

  // Hands over what is dirty, and the log's memory tier as well: nothing may be lost.
  void flush_all();

  Item* find(const std::string& key);
  static std::uint64_t hash_of(const std::string& key);
  std::map<std::uint64_t, Item>& items() noexcept { return items_; }
  void set_now_ms(std::int64_t now_ms) noexcept { now_ms_ = now_ms; }

  std::uint64_t sequence() const noexcept { return sequence_; }
  bool is_recovered() const noexcept { return recovered_; }
  cache::FileState file_state() const noexcept { return state_; }

  // Called when the owner lets go of the durable copy of a key, and at every end of a sync point.
  std::function<void(std::uint64_t hash)> on_lost;
  std::function<void(cache::SyncTicket ticket, bool durable)> on_synced;
  std::function<void()> on_wanted;

  cache::Fate on_clean(cache::LogTier tier, cache::LogLocation from, const cache::RecordView& record) override;
  void on_moved(const cache::RecordView& record, cache::LogLocation from, cache::LogLocation to) override;
  void on_dropped(const cache::RecordView& record, cache::LogLocation from) override;
  void on_recovered(const cache::RecoveredRecord& record) override;
  void on_recovery_ended(std::uint64_t sequence_max) override;
  void on_recovery_progress(std::uint64_t bytes_read, std::uint64_t bytes_total) override;
  void on_sync_ended(cache::SyncTicket ticket, bool durable) override;
  void on_file_forgotten() override;
  void on_sync_wanted() override;
  void on_file_state(cache::FileState state) override { state_ = state; }

 private:
  void spare(Item& item, const cache::RecordView& record);
  void drop(std::uint64_t hash, const cache::RecordView& record);

  corering::testing::Random random_;
  const std::uint64_t file_units_;
  Fates fates_;
  cache::Log* log_ = nullptr;
  std::map<std::uint64_t, Item> items_;
  std::set<std::uint64_t> may_be_in_file_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ms_ = 0;
  bool recovered_ = false;
  bool keeps_all_ = false;
  cache::FileState state_ = cache::FileState::healthy;
};

}  // namespace sim
