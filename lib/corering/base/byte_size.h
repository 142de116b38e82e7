// Byte sizes as operators write them: "65536", "64KiB", "1.5GiB" is refused, "64MB" is 64,000,000.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "corering/base/result.h"

namespace corering::base {

// Digits followed by nothing, B, KiB, MiB, GiB, TiB (powers of 1024) or KB, MB, GB, TB (powers of 1000).
// Errors: invalid_argument for an empty text, an unknown unit, or more than 2^64-1 bytes.
Result<std::uint64_t> parse_byte_size(std::string_view text);

// "64MiB" where the value is a multiple of a binary unit, else plain digits; parse_byte_size reads it back exactly.
std::string format_byte_size(std::uint64_t bytes);

}  // namespace corering::base
