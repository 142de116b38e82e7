// ASCII as both protocols use it, without the locale of <cctype>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kv::protocol {

constexpr char to_lower(char letter) noexcept { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; }

constexpr bool is_digit(char letter) noexcept { return letter >= '0' && letter <= '9'; }

// What isspace accepts in the C locale.
constexpr bool is_space(char letter) noexcept { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char letter) noexcept {
  if (is_digit(letter)) return letter - '0';
  const char lower = to_lower(letter);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (to_lower(left[i]) != to_lower(right[i])) return false;
  }
  return true;
}

// Unaligned loads; the first byte is the lowest. Requires: that many bytes are readable.
template <typename Integer>
Integer load(const char* from) noexcept {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace kv::protocol
