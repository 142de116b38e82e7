// Database: the selected database, wherever its keys live: on which core is a matter of their hash slots.
//
// A small value: which keyspaces, which number. The keyspaces that it reaches are the caller's, or borrowed.
//
// Thread, lifetime, cost: as Keyspace; with several cores also the slot of the key.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kv/store/keyspace.h"
#include "kv/store/slot_map.h"

namespace kv {

class Database {
 public:
  // The keyspaces of all cores by number. `slots` and the span live as long as the Database.
  Database(std::span<Keyspace* const> cores, const SlotMap& slots, unsigned number) noexcept
      : cores_(cores), slots_(&slots), number_(number) {}

  unsigned number() const noexcept { return number_; }
  // Requires: number < kDatabaseCount.
  Database other(unsigned number) const noexcept { return {cores_, *slots_, number}; }

  std::span<Keyspace* const> cores() const noexcept { return cores_; }
  Keyspace& keyspace_of(std::string_view key) const noexcept { return *cores_[slots_->core_of(key)]; }

  // `ahead`: of that key, or null.
  Entry find(std::string_view key, const Keyspace::Ahead* ahead = nullptr) const {
    return keyspace_of(key).find(number_, key, ahead);
  }
  Entry peek(std::string_view key) const { return keyspace_of(key).peek(number_, key); }
  bool has(std::string_view key) const { return static_cast<bool>(peek(key)); }

  WriteResult put(std::string_view key, std::string_view value, const PutOptions& options = {},
                  const Keyspace::Ahead* ahead = nullptr) const {
    return keyspace_of(key).put(number_, key, value, options, ahead);
  }
  template <typename Fill>
  WriteResult write(std::string_view key, std::size_t value_bytes, const PutOptions& options, Fill&& fill) const {
    return keyspace_of(key).write(number_, key, value_bytes, options, std::forward<Fill>(fill));
  }
  template <typename Edit>
  WriteResult modify(std::string_view key, std::size_t value_bytes, const ModifyOptions& options, Edit&& edit) const {
    return keyspace_of(key).modify(number_, key, value_bytes, options, std::forward<Edit>(edit));
  }
  bool set_expiry(std::string_view key, std::int64_t expiry_ms) const {
    return keyspace_of(key).set_expiry(number_, key, expiry_ms);
  }
  WriteResult touch(std::string_view key, std::int64_t expiry_ms) const { return keyspace_of(key).touch(number_, key, expiry_ms); }
  bool remove(std::string_view key) const { return keyspace_of(key).remove(number_, key); }

  std::uint64_t size() const {
    std::uint64_t count = 0;
    for (Keyspace* keyspace : cores_) count += keyspace->size(number_);
    return count;
  }
  void clear() const {
    for (Keyspace* keyspace : cores_) keyspace->clear(number_);
  }

 private:
  std::span<Keyspace* const> cores_;
  const SlotMap* slots_;
  unsigned number_;
};

}  // namespace kv
