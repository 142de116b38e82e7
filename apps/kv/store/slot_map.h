// SlotMap: which core owns which hash slot.
//
// Thread: any, while nobody changes it. Cost: one load.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "corering/base/assert.h"
#include "kv/protocol/key_slot.h"

namespace kv {

class SlotMap {
 public:
  static constexpr std::size_t kCoresMax = 256;

  // Slots in equal, contiguous ranges, as Redis Cluster deals them out.
  explicit SlotMap(std::size_t core_count = 1) noexcept : core_count_(core_count) {
    CORERING_ASSERT(core_count > 0 && core_count <= kCoresMax, "a number of cores that slots cannot name");
    for (std::size_t slot = 0; slot < owners_.size(); ++slot) {
      owners_[slot] = static_cast<std::uint8_t>(slot * core_count / owners_.size());
    }
  }

  std::size_t core_count() const noexcept { return core_count_; }
  std::size_t core_of_slot(std::uint16_t slot) const noexcept { return owners_[slot]; }
  std::size_t core_of(std::string_view key) const noexcept { return core_count_ == 1 ? 0 : owners_[protocol::key_slot(key)]; }

 private:
  std::size_t core_count_;
  std::array<std::uint8_t, protocol::kSlotCount> owners_;
};

}  // namespace kv
