// DirtyQueue: the items that the file does not hold yet, in the order in which they became so.
//
// Kept by hash and location, not by key: an item that has been moved, changed elsewhere or removed since is simply not found in the
// index any more, and whoever moves one that is still dirty puts it in again.
//
// Thread: owning core only. Cost: 16 bytes per dirty item; O(1), allocates as it grows beyond its high-water mark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "corering/cache/index_entry.h"

namespace corering::cache {

class DirtyQueue {
 public:
  struct Item {
    std::uint64_t hash = 0;
    std::uint64_t location = 0;
    Tier tier = Tier::none;
  };

  void push(std::uint64_t hash, Tier tier, std::uint64_t location) {
    items_.push_back({hash, location | static_cast<std::uint64_t>(tier) << kTierShift});
    ++pushed_;
  }

  bool empty() const noexcept { return items_.empty(); }

  // Requires: !empty().
  Item front() const noexcept {
    const Packed& item = items_.front();
    return {item.hash, item.place & kLocationMax, static_cast<Tier>(item.place >> kTierShift)};
  }
  void pop() noexcept { items_.pop_front(); }
  void clear() noexcept { items_.clear(); }

  // Ever. What was pushed before is popped when popped() has reached this.
  std::uint64_t pushed() const noexcept { return pushed_; }
  std::uint64_t popped() const noexcept { return pushed_ - items_.size(); }
  std::size_t count() const noexcept { return items_.size(); }

 private:
  static constexpr unsigned kTierShift = 62;

  struct Packed {
    std::uint64_t hash;
    std::uint64_t place;
  };

  std::deque<Packed> items_;
  std::uint64_t pushed_ = 0;
};

}  // namespace corering::cache
