// Bits of a value, numbered as Redis does: bit 0 is the highest of the first byte; bits behind the end are zero.
//
// Thread: any. Cost: no allocation; counting and searching go eight bytes at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kv/protocol/ascii.h"

namespace kv::bits {

constexpr bool at(std::string_view bytes, std::uint64_t bit) noexcept {
  return bit / 8 < bytes.size() && (static_cast<unsigned char>(bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0;
}

inline std::int64_t count(std::string_view bytes) noexcept {
  std::int64_t sum = 0;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) sum += std::popcount(protocol::load<std::uint64_t>(bytes.data()));
  for (const char byte : bytes) sum += std::popcount(static_cast<unsigned char>(byte));
  return sum;
}

// Of the bits from `first` to `last`, both included. Requires: they are inside.
inline std::int64_t count(std::string_view bytes, std::uint64_t first, std::uint64_t last) noexcept {
  const auto masked = [&](std::uint64_t index, unsigned mask) {
    return std::popcount(static_cast<unsigned char>(bytes[index]) & mask);
  };
  const unsigned from_first = 0xffU >> first % 8;
  const unsigned to_last = 0xffU << (7 - last % 8) & 0xffU;
  if (first / 8 == last / 8) return masked(first / 8, from_first & to_last);
  return masked(first / 8, from_first) + count(bytes.substr(first / 8 + 1, last / 8 - first / 8 - 1)) + masked(last / 8, to_last);
}

// The first such bit of those from `first` to `last`. Requires: they are inside.
inline std::optional<std::uint64_t> find(std::string_view bytes, bool wanted, std::uint64_t first, std::uint64_t last) noexcept {
  const char dull = wanted ? '\0' : '\xff';
  const std::uint64_t dull_word = wanted ? 0 : ~std::uint64_t{0};
  for (std::uint64_t bit = first; bit <= last;) {
    const std::uint64_t byte = bit / 8;
    if (bit % 8 == 0 && last - bit >= 63 && protocol::load<std::uint64_t>(bytes.data() + byte) == dull_word) {
      bit += 64;
    } else if (bit % 8 == 0 && last - bit >= 7 && bytes[byte] == dull) {
      bit += 8;
    } else if (at(bytes, bit) == wanted) {
      return bit;
    } else {
      ++bit;
    }
  }
  return std::nullopt;
}

// `width` bits from `bit` on as a number; 1 to 64.
constexpr std::uint64_t read(std::string_view bytes, std::uint64_t bit, unsigned width) noexcept {
  std::uint64_t value = 0;
  for (unsigned index = 0; index < width; ++index) value = value << 1 | (at(bytes, bit + index) ? 1 : 0);
  return value;
}

// Requires: the bits are inside.
constexpr void write(char* bytes, std::uint64_t bit, unsigned width, std::uint64_t value) noexcept {
  for (unsigned index = 0; index < width; ++index) {
    const std::uint64_t place = bit + index;
    const auto mask = static_cast<unsigned char>(0x80U >> place % 8);
    auto byte = static_cast<unsigned char>(bytes[place / 8]);
    byte = static_cast<unsigned char>((value >> (width - 1 - index) & 1) != 0 ? byte | mask : byte & ~mask);
    bytes[place / 8] = static_cast<char>(byte);
  }
}

}  // namespace kv::bits
