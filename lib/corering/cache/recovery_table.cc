#include "corering/cache/recovery_table.h"

#include <algorithm>
#include <utility>

namespace corering::cache {

std::size_t RecoveryTable::find(std::uint64_t hash) const noexcept {
  std::size_t at = home(hash);
  while (slots_[at].location && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void RecoveryTable::set(std::uint64_t hash, LogLocation location) {
  std::size_t at = find(hash);
  if (!slots_[at].location) {
    if ((size_ + 1) * 4 > slots_.size() * 3) {
      grow();
      at = find(hash);
    }
    ++size_;
  }
  slots_[at] = {hash, location};
}

// Moves back those that a free slot would cut off from their home.
void RecoveryTable::erase(std::uint64_t hash) noexcept {
  std::size_t hole = find(hash);
  if (!slots_[hole].location) return;
  --size_;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = (hole + 1) & mask; slots_[at].location; at = (at + 1) & mask) {
    if (((at - home(slots_[at].hash)) & mask) >= ((at - hole) & mask)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = {};
}

void RecoveryTable::clear() noexcept {
  if (size_ != 0) std::ranges::fill(slots_, Slot{});
  size_ = 0;
}

void RecoveryTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.location) slots_[find(slot.hash)] = slot;
  }
}

}  // namespace corering::cache
