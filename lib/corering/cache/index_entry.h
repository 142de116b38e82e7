// IndexEntry: where an item lies, in 8 bytes.
//
//   bits 40-63  tag: 24 bits of the key's hash. Enough to place the entry at every size of the index, so that growing touches no key
//   bits 38-39  tier: 0 is an empty slot
//   bit  37     mark: the item has been hit since it came to the log (a second hit promotes it)
//   bit  36     not the entry's: its line's share of a counter (see index.h)
//   bits 0-35   location: L1 counts units of 4 bytes, the log units of 16
//
// Thread: any.
#pragma once

#include <cstdint>

namespace corering::cache {

enum class Tier : std::uint8_t {
  none = 0,
  l1 = 1,
  log = 2,           // in the log, and the file has no copy of it: it lies in the memory tier
  log_and_file = 3,  // in the log, and the file has a copy that must be deleted with the item: this one, an equal or an older one
};

constexpr bool is_in_log(Tier tier) noexcept { return tier >= Tier::log; }

inline constexpr std::uint64_t kLocationMax = (std::uint64_t{1} << 36) - 1;

class IndexEntry {
 public:
  static constexpr unsigned kTagBits = 24;
  static constexpr unsigned kTagShift = 64 - kTagBits;
  static constexpr std::uint64_t kMark = std::uint64_t{1} << 37;
  static constexpr std::uint64_t kShare = std::uint64_t{1} << 36;

  constexpr IndexEntry() = default;
  constexpr explicit IndexEntry(std::uint64_t bits) noexcept : bits_(bits & ~kShare) {}
  constexpr IndexEntry(std::uint32_t tag, Tier tier, std::uint64_t location) noexcept
      : bits_(std::uint64_t{tag} << kTagShift | static_cast<std::uint64_t>(tier) << 38 | location) {}

  constexpr std::uint64_t bits() const noexcept { return bits_; }
  constexpr std::uint32_t tag() const noexcept { return static_cast<std::uint32_t>(bits_ >> kTagShift); }
  constexpr Tier tier() const noexcept { return static_cast<Tier>(bits_ >> 38 & 3); }
  constexpr std::uint64_t location() const noexcept { return bits_ & kLocationMax; }
  constexpr bool is_in_log() const noexcept { return cache::is_in_log(tier()); }
  constexpr bool is_marked() const noexcept { return (bits_ & kMark) != 0; }
  constexpr IndexEntry marked() const noexcept { return IndexEntry(bits_ | kMark); }

  friend constexpr bool operator==(IndexEntry, IndexEntry) = default;

 private:
  std::uint64_t bits_ = 0;
};

}  // namespace corering::cache
