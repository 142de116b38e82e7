// Record: an item as bytes, in one format for every tier, so that a demotion copies bytes and changes nothing.
//
//   offset  bytes
//   0       4      first word: CRC32C of all bytes behind it once the record is in the log; before that it is the L1 store's
//   4       6      sequence, from 1: the order of all writes of a core, and the version that compare-and-swap compares
//   10      2      shape, see below
//   12             long form only: key length (2, low bits), value length (2, or 4 if `wide value`)
//                  expiry (8, milliseconds since 1970), if the shape says so
//                  client flags (4), if the shape says so
//                  key, value
//
//   shape, short form    bit 15: 0   bit 14: has expiry   bits 8-13: key length   bits 0-7: value length
//   shape, long form     bit 15: 1   bits 8-14: key length above bit 16   bits 6-7: 0   bits 4-5: kind
//                        bit 3: wide value   bit 2: compressed   bit 1: has client flags   bit 0: has expiry
//
// Little-endian, no padding inside. Keys below 64 bytes with values below 256, the most frequent kind, cost 12 bytes. Where a record
// starts, and what lies between two of them, is the affair of the tier: L1 aligns to 4 bytes.
//
// A tombstone has a key and no value: whatever is older under this key is deleted. A clear has neither: whatever is older is deleted.
// A compressed value is its plain length (4) and an LZ4 block.
//
// Thread: any. Lifetime: views refer to the record's memory. Cost: no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "corering/base/bytes.h"

namespace corering::cache {

inline constexpr std::size_t kKeyBytesMax = 64 * 1024;
inline constexpr std::size_t kValueBytesMax = std::size_t{512} << 20;
inline constexpr std::uint64_t kSequenceMax = (std::uint64_t{1} << 48) - 1;
inline constexpr std::int64_t kNeverExpires = 0;

enum class RecordKind : std::uint8_t { value, tombstone, clear };

// All of a record but its bytes.
struct RecordHeader {
  std::uint64_t sequence = 0;
  std::int64_t expiry_ms = kNeverExpires;  // since 1970
  std::uint32_t client_flags = 0;
  RecordKind kind = RecordKind::value;
  bool compressed = false;
  std::uint32_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
};

// What the record takes, first word included. Requires: key_bytes <= kKeyBytesMax, value_bytes <= kValueBytesMax (and the same below).
std::size_t record_bytes(const RecordHeader& header) noexcept;

// Writes all but the first word, the key and the value; returns where the key belongs. The value belongs behind it.
// Requires: room for record_bytes(header).
std::byte* write_record_header(std::byte* record, const RecordHeader& header) noexcept;

// Writes all but the first word; returns the record's bytes. Requires: `header` has the lengths of `key` and `value`, and neither
// overlaps the record.
std::size_t write_record(std::byte* record, const RecordHeader& header, base::ByteView key, base::ByteView value) noexcept;

// Computes the CRC32C into the first word: the last act before a record may be written to a device.
void seal_record(std::byte* record, std::size_t bytes) noexcept;

// A record in memory.
class RecordView {
 public:
  static constexpr std::size_t kBytesMin = 12;

  // Refers to nothing: only to be assigned to.
  RecordView() = default;

  // Requires: a whole record that we wrote ourselves and nothing has damaged.
  explicit RecordView(const std::byte* record) noexcept : record_(record) { decode(); }

  // The record at the start of `bytes`, which may be anything: nothing if they hold no whole, well-formed record with the right
  // CRC32C. What is returned is safe to read.
  static std::optional<RecordView> verify(base::ByteView bytes) noexcept;

  // The record's bytes as far as its header tells, checking only that the header is possible and lies within `bytes`. For reading
  // the rest of a record whose beginning is there. Nothing if no record starts so.
  static std::optional<std::size_t> bytes_needed(base::ByteView bytes) noexcept;

  const std::byte* data() const noexcept { return record_; }
  std::uint64_t sequence() const noexcept { return load<std::uint64_t>(2) >> 16; }
  base::ByteView key() const noexcept { return {record_ + key_offset_, key_bytes_}; }
  bool has_key(base::ByteView other) const noexcept {
    return other.size() == key_bytes_ && (other.empty() || std::memcmp(record_ + key_offset_, other.data(), other.size()) == 0);
  }
  base::ByteView value() const noexcept { return {record_ + key_offset_ + key_bytes_, value_bytes_}; }
  std::size_t bytes() const noexcept { return std::size_t{key_offset_} + key_bytes_ + value_bytes_; }
  base::ByteView whole() const noexcept { return {record_, bytes()}; }

  RecordKind kind() const noexcept { return is_long() ? static_cast<RecordKind>(shape_ >> 4 & 3) : RecordKind::value; }
  bool is_compressed() const noexcept { return is_long() && (shape_ & kCompressed) != 0; }
  bool has_expiry() const noexcept { return (shape_ & (is_long() ? kLongExpiry : kShortExpiry)) != 0; }
  std::int64_t expiry_ms() const noexcept;  // kNeverExpires if it has none
  std::uint32_t client_flags() const noexcept;

  RecordHeader header() const noexcept;

  bool is_expired(std::int64_t now_ms) const noexcept { return has_expiry() && expiry_ms() <= now_ms; }

 private:
  friend std::byte* write_record_header(std::byte* record, const RecordHeader& header) noexcept;
  friend std::size_t record_bytes(const RecordHeader& header) noexcept;

  static constexpr unsigned kLong = 1U << 15;
  static constexpr unsigned kShortExpiry = 1U << 14;
  static constexpr unsigned kLongExpiry = 1U << 0;
  static constexpr unsigned kClientFlags = 1U << 1;
  static constexpr unsigned kCompressed = 1U << 2;
  static constexpr unsigned kWideValue = 1U << 3;
  static constexpr std::size_t kShortKeyBytesMax = 63;
  static constexpr std::size_t kShortValueBytesMax = 255;

  template <typename Integer>
  Integer load(std::size_t offset) const noexcept {
    Integer value;
    std::memcpy(&value, record_ + offset, sizeof value);
    return value;
  }

  static bool is_short(const RecordHeader& header) noexcept;
  bool is_long() const noexcept { return (shape_ & kLong) != 0; }

  void decode() noexcept {
    shape_ = load<std::uint16_t>(10);
    if (!is_long()) {
      key_offset_ = kBytesMin + (has_expiry() ? 8 : 0);
      key_bytes_ = shape_ >> 8 & 63;
      value_bytes_ = shape_ & 255;
      return;
    }
    decode_long();
  }
  void decode_long() noexcept;

  const std::byte* record_ = nullptr;
  std::uint32_t shape_ = 0;
  std::uint32_t key_offset_ = 0;
  std::uint32_t key_bytes_ = 0;
  std::uint32_t value_bytes_ = 0;
};

}  // namespace corering::cache
