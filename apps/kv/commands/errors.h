// The error texts of Redis 7.0, which clients compare.
#pragma once

#include <string_view>

namespace kv::errors {

inline constexpr std::string_view kSyntax = "ERR syntax error";
inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotAFloat = "ERR value is not a valid float";
inline constexpr std::string_view kIncrementOverflow = "ERR increment or decrement would overflow";
inline constexpr std::string_view kDecrementOverflow = "ERR decrement would overflow";
inline constexpr std::string_view kNanOrInfinity = "ERR increment would produce NaN or Infinity";
inline constexpr std::string_view kIntRange = "ERR value is out of range, value must between -2147483648 and 2147483647";
inline constexpr std::string_view kOffset = "ERR offset is out of range";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kTooLarge = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
inline constexpr std::string_view kKeyTooLong = "ERR key exceeds maximum allowed size (65535 bytes)";
inline constexpr std::string_view kOutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";
inline constexpr std::string_view kCold = "TRYAGAIN the key is being read from the file";
inline constexpr std::string_view kBitOffset = "ERR bit offset is not an integer or out of range";
inline constexpr std::string_view kBit = "ERR bit is not an integer or out of range";
inline constexpr std::string_view kBitArgument = "ERR The bit argument must be 1 or 0.";
inline constexpr std::string_view kBitfieldType =
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
inline constexpr std::string_view kBitfieldOverflow = "ERR Invalid OVERFLOW type specified";
inline constexpr std::string_view kBitfieldReadOnly = "ERR BITFIELD_RO only supports the GET subcommand";
inline constexpr std::string_view kBitopNot = "ERR BITOP NOT must be called with a single source key.";
inline constexpr std::string_view kInvalidCursor = "ERR invalid cursor";
inline constexpr std::string_view kSameObject = "ERR source and destination objects are the same";
inline constexpr std::string_view kDatabaseRange = "ERR DB index is out of range";
inline constexpr std::string_view kFirstDatabase = "ERR invalid first DB index";
inline constexpr std::string_view kSecondDatabase = "ERR invalid second DB index";
inline constexpr std::string_view kNxWithOthers = "ERR NX and XX, GT or LT options at the same time are not compatible";
inline constexpr std::string_view kGtWithLt = "ERR GT and LT options at the same time are not compatible";
inline constexpr std::string_view kDumpChecksum = "ERR DUMP payload version or checksum are wrong";
inline constexpr std::string_view kDumpFormat = "ERR Bad data format";
inline constexpr std::string_view kBusyKey = "BUSYKEY Target key name already exists.";
inline constexpr std::string_view kRestoreTtl = "ERR Invalid TTL value, must be >= 0";
inline constexpr std::string_view kRestoreIdle = "ERR Invalid IDLETIME value, must be >= 0";
inline constexpr std::string_view kRestoreFrequency = "ERR Invalid FREQ value, must be >= 0 and <= 255";
inline constexpr std::string_view kNoFrequencies =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies "
    "at "
    "runtime LRU and LFU data will take some time to adjust.";
inline constexpr std::string_view kLcsOptions = "ERR If you want both the length and indexes, please just use IDX.";
inline constexpr std::string_view kLcsMemory = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";

}  // namespace kv::errors
