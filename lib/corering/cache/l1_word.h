// L1Word: the first word of a record while it lies in the L1 store, where nobody needs its checksum.
//
//   bits 0-26   span: what the record takes in its segment, in units of 4 bytes: its place may be larger than itself
//   bit  27     dirty: waits to be written to the file
//   bit  28     dead: nothing but a hole
//   bits 29-30  frequency: hits since it came to its queue, up to 3
//   bit  31     in file: the file has a copy, of this or of an older version of the item, that must be deleted when the item goes
//
// Thread: owning core only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace corering::cache {

class L1Word {
 public:
  static constexpr std::size_t kUnitBytes = 4;
  static constexpr std::uint32_t kFrequencyMax = 3;

  static L1Word of(const std::byte* record) noexcept {
    L1Word word;
    std::memcpy(&word.bits_, record, sizeof word.bits_);
    return word;
  }
  void store(std::byte* record) const noexcept { std::memcpy(record, &bits_, sizeof bits_); }

  static constexpr std::size_t span_for(std::size_t record_bytes) noexcept {
    return (record_bytes + kUnitBytes - 1) / kUnitBytes * kUnitBytes;
  }

  // Alive, frequency 0, no copy in the log. Requires: bytes is a multiple of 4, at most 512 MiB.
  static L1Word with_span(std::size_t bytes) noexcept {
    L1Word word;
    word.bits_ = static_cast<std::uint32_t>(bytes / kUnitBytes);
    return word;
  }

  std::size_t span_bytes() const noexcept { return std::size_t{bits_ & kSpan} * kUnitBytes; }
  bool is_dead() const noexcept { return (bits_ & kDead) != 0; }
  std::uint32_t frequency() const noexcept { return bits_ >> kFrequencyShift & kFrequencyMax; }
  bool is_dirty() const noexcept { return (bits_ & kDirty) != 0; }
  bool is_in_file() const noexcept { return (bits_ & kInFile) != 0; }

  void set_dead() noexcept { bits_ |= kDead; }
  void set_frequency(std::uint32_t frequency) noexcept {
    bits_ = (bits_ & ~(kFrequencyMax << kFrequencyShift)) | frequency << kFrequencyShift;
  }
  void set_dirty(bool dirty) noexcept { bits_ = (bits_ & ~kDirty) | (dirty ? kDirty : 0); }
  void set_in_file(bool in_file) noexcept { bits_ = (bits_ & ~kInFile) | (in_file ? kInFile : 0); }

  // Frequency, dirty and in file of another: this is a copy of its item.
  void inherit(L1Word other) noexcept { bits_ = (bits_ & (kSpan | kDead)) | (other.bits_ & ~(kSpan | kDead)); }

 private:
  static constexpr std::uint32_t kSpan = (1U << 27) - 1;
  static constexpr std::uint32_t kDirty = 1U << 27;
  static constexpr std::uint32_t kDead = 1U << 28;
  static constexpr unsigned kFrequencyShift = 29;
  static constexpr std::uint32_t kInFile = 1U << 31;

  std::uint32_t bits_ = 0;
};

}  // namespace corering::cache
