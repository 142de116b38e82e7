// Dump payloads: what DUMP answers and RESTORE takes, for strings.
//
//   payload = type string version crc64       version: two bytes, crc64: of all before it; both little-endian
//   string  = length bytes                    length: 6, 14, 32 or 64 bits
//           | %xc0 int8 | %xc1 int16 | %xc2 int32        numbers that format back to the same text
//           | %xc3 length length LZF          compressed; its own size first
//
// Written is version 10, that of Redis 7.0, always uncompressed: Redis reads it, and so do we what it has compressed.
//
// Thread: any. Errors: see PayloadError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kv::protocol {

inline constexpr std::uint16_t kDumpVersion = 10;

enum class PayloadError : std::uint8_t {
  none,
  checksum,  // damaged, or of a newer version: "DUMP payload version or checksum are wrong"
  format,    // "Bad data format"
  type,      // not a string
};

// Appends the payload of a string to `out`.
void write_dump(std::string_view value, std::string& out);

// Whether version and checksum are right.
PayloadError check_dump(std::string_view payload) noexcept;

// Reads the string of a payload into `value`, at most bytes_max of it. Errors: all of PayloadError; a longer string is `format`.
PayloadError read_dump(std::string_view payload, std::size_t bytes_max, std::string& value);

}  // namespace kv::protocol
