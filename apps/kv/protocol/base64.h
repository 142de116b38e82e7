// Base64 as memcached's meta commands use it for binary keys: the standard alphabet, with padding.
#pragma once

#include <cstddef>
#include <string_view>

namespace kv::protocol {

// Writes to `out` and returns the end. Requires: room for 4 bytes per 3, rounded up.
char* encode_base64(std::string_view bytes, char* out) noexcept;

// Writes to `out` and returns how many bytes; 0: not base64, or empty. Bytes outside of the alphabet are passed over, and so is what
// follows the padding, as memcached does. Requires: room for 3 bytes per 4, rounded up.
std::size_t decode_base64(std::string_view text, char* out) noexcept;

}  // namespace kv::protocol
