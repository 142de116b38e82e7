#include "kv/protocol/base64.h"

#include <array>
#include <cstdint>

namespace kv::protocol {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kPadding = '=';
constexpr std::uint8_t kForeign = 0x80;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kForeign);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  values[static_cast<unsigned char>(kPadding)] = 0;
  return values;
}();

std::uint8_t value_of(char letter) noexcept { return kValues[static_cast<unsigned char>(letter)]; }

}  // namespace

char* encode_base64(std::string_view bytes, char* out) noexcept {
  while (!bytes.empty()) {
    const std::size_t count = bytes.size() < 3 ? bytes.size() : 3;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[i]) : 0);
    for (std::size_t i = 0; i < 4; ++i) *out++ = i <= count ? kAlphabet[group >> (18 - 6 * i) & 63] : kPadding;
    bytes.remove_prefix(count);
  }
  return out;
}

std::size_t decode_base64(std::string_view text, char* out) noexcept {
  std::size_t letters = 0;
  for (const char letter : text) letters += value_of(letter) != kForeign;
  if (letters % 4 != 0) return 0;
  const char* const begin = out;
  std::uint32_t group = 0;
  unsigned count = 0;
  unsigned padding = 0;
  for (const char letter : text) {
    if (value_of(letter) == kForeign) continue;
    padding += letter == kPadding;
    group = group << 6 | value_of(letter);
    if (++count % 4 != 0) continue;
    if (padding > 2) return 0;
    for (unsigned i = 0; i < 3 - padding; ++i) *out++ = static_cast<char>(group >> (16 - 8 * i) & 0xff);
    group = 0;
    if (padding > 0) break;
  }
  return static_cast<std::size_t>(out - begin);
}

}  // namespace kv::protocol
