// The error texts of memcached 1.6.18, which clients compare.
#pragma once

#include <string_view>

namespace kv::protocol::errors {

inline constexpr std::string_view kError = "ERROR";
inline constexpr std::string_view kFormat = "CLIENT_ERROR bad command line format";
inline constexpr std::string_view kDataChunk = "CLIENT_ERROR bad data chunk";
inline constexpr std::string_view kExptime = "CLIENT_ERROR invalid exptime argument";
inline constexpr std::string_view kDelta = "CLIENT_ERROR invalid numeric delta argument";
inline constexpr std::string_view kDeleteUsage = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]";
inline constexpr std::string_view kNotANumber = "CLIENT_ERROR cannot increment or decrement non-numeric value";
inline constexpr std::string_view kTooLarge = "SERVER_ERROR object too large for cache";
inline constexpr std::string_view kNoMemory = "SERVER_ERROR out of memory storing object";

inline constexpr std::string_view kFlagsTooLong = "CLIENT_ERROR options flags too long";
inline constexpr std::string_view kGetFlagsTooLong = "CLIENT_ERROR options flags are too long";
inline constexpr std::string_view kDuplicateFlag = "CLIENT_ERROR duplicate flag";
inline constexpr std::string_view kInvalidFlag = "CLIENT_ERROR invalid flag";
inline constexpr std::string_view kInvalidOrDuplicateFlag = "CLIENT_ERROR invalid or duplicate flag";
inline constexpr std::string_view kKeyDecoding = "CLIENT_ERROR error decoding key";
inline constexpr std::string_view kBadToken = "CLIENT_ERROR bad token in command line format";
inline constexpr std::string_view kModeLength = "CLIENT_ERROR incorrect length for M token";
inline constexpr std::string_view kSetMode = "CLIENT_ERROR invalid mode for ms M token";
inline constexpr std::string_view kArithmeticMode = "CLIENT_ERROR invalid mode for ma M token";
inline constexpr std::string_view kInitial = "CLIENT_ERROR invalid numeric initial value";
inline constexpr std::string_view kMetaDelta = "CLIENT_ERROR invalid numeric delta value";
inline constexpr std::string_view kOpaqueTooLong = "CLIENT_ERROR opaque token too long";

}  // namespace kv::protocol::errors
