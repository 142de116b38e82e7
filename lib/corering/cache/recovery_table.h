// RecoveryTable: the newest place of every key, while a log is read from its old end to its new one.
//
// Keys are told apart by 64 bits of hash; two that share one cost a miss (with 10 million keys, once in 300,000 recoveries).
// 16 bytes a slot, at most three quarters full: 10 million keys take 256 MiB, given back when the recovery ends.
//
// Thread: one. Cost: O(1); grows by doubling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "corering/cache/log_location.h"

namespace corering::cache {

class RecoveryTable {
 public:
  RecoveryTable() : slots_(kSlotsMin) {}

  void set(std::uint64_t hash, LogLocation location);
  void erase(std::uint64_t hash) noexcept;
  void clear() noexcept;

  std::size_t size() const noexcept { return size_; }

  // Calls visit(hash, location) for those in the next `count` slots; false when there are no more slots.
  template <typename Visit>
  bool visit_some(std::size_t& cursor, std::size_t count, Visit visit) const {
    for (; count > 0 && cursor < slots_.size(); --count, ++cursor) {
      if (slots_[cursor].location) visit(slots_[cursor].hash, slots_[cursor].location);
    }
    return cursor < slots_.size();
  }

 private:
  static constexpr std::size_t kSlotsMin = 1024;

  struct Slot {
    std::uint64_t hash = 0;
    LogLocation location;  // nowhere: free
  };

  std::size_t home(std::uint64_t hash) const noexcept { return hash & (slots_.size() - 1); }
  std::size_t find(std::uint64_t hash) const noexcept;  // its slot, or the free one where it belongs
  void grow();

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace corering::cache
