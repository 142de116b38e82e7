// LogLocation: where a record lies in the log: 36 bits, in units of 16 bytes.
//
// One number space for both tiers of the log, so that the index need not know whether a record is in memory, on its way to the
// file or in the file: the segment table knows. A location outlives its record: a segment that is used again holds other records at the
// same places, and whoever follows an old location finds that key and checksum do not match, which is a miss.
#pragma once

#include <compare>
#include <cstdint>

namespace corering::cache {

struct LogLocation {
  static constexpr unsigned kBits = 36;
  static constexpr std::uint64_t kUnitBytes = 16;
  static constexpr std::uint64_t kNowhere = (std::uint64_t{1} << kBits) - 1;
  static constexpr std::uint64_t kAddressableBytes = kNowhere * kUnitBytes;  // 1 TiB less one unit, per log

  std::uint64_t units = kNowhere;

  static constexpr LogLocation nowhere() noexcept { return {}; }
  explicit constexpr operator bool() const noexcept { return units != kNowhere; }
  constexpr std::uint64_t byte_offset() const noexcept { return units * kUnitBytes; }

  friend constexpr auto operator<=>(LogLocation, LogLocation) = default;
};

}  // namespace corering::cache
