#include "kv/protocol/number.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kv/protocol/ascii.h"

namespace kv::protocol {

namespace {

constexpr std::size_t kFloatTextMax = 5120;

// "00" to "99".
constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

constexpr std::array<std::uint64_t, 20> kPowersOfTen = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (std::uint64_t& each : powers) {
    each = power;
    power *= 10;
  }
  return powers;
}();

unsigned digit_count(std::uint64_t value) noexcept {
  const auto guess = static_cast<unsigned>(std::bit_width(value | 1)) * 1233 >> 12;  // log10(2) = 1233 / 4096
  return guess + ((value | 1) >= kPowersOfTen[guess] ? 1 : 0);                       // zero has a digit, too
}

// `parse` is strtod or strtold.
template <typename Float, typename Parse>
std::optional<Float> parse_float(std::string_view text, Parse parse) noexcept {
  std::array<char, kFloatTextMax> buffer;
  if (text.empty() || text.size() >= buffer.size() || is_space(text[0])) return std::nullopt;
  std::memcpy(buffer.data(), text.data(), text.size());
  buffer[text.size()] = '\0';
  errno = 0;
  char* end = nullptr;
  const Float value = parse(buffer.data(), &end);
  if (end != buffer.data() + text.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || std::fpclassify(value) == FP_ZERO)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> parse_int64(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits.size() > 19) return std::nullopt;
  if (digits[0] == '0') return text.size() == 1 ? std::optional<std::int64_t>(0) : std::nullopt;
  std::uint64_t value = 0;  // nineteen digits cannot overflow it
  for (const char letter : digits) {
    if (!is_digit(letter)) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(letter - '0');
  }
  constexpr std::uint64_t kMax = std::uint64_t{1} << 63;
  if (value > kMax - (negative ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

std::optional<long double> parse_long_double(std::string_view text) noexcept {
  return parse_float<long double>(text, [](const char* from, char** end) { return std::strtold(from, end); });
}

std::optional<double> parse_double(std::string_view text) noexcept {
  return parse_float<double>(text, [](const char* from, char** end) { return std::strtod(from, end); });
}

char* write_uint64(std::uint64_t value, char* out) noexcept {
  char* const end = out + digit_count(value);
  char* next = end;
  while (value >= 100) {
    next -= 2;
    std::memcpy(next, &kPairs[value % 100 * 2], 2);
    value /= 100;
  }
  if (value >= 10) {
    std::memcpy(next - 2, &kPairs[value * 2], 2);
  } else {
    next[-1] = static_cast<char>('0' + value);
  }
  return end;
}

char* write_int64(std::int64_t value, char* out) noexcept {
  if (value >= 0) return write_uint64(static_cast<std::uint64_t>(value), out);
  *out++ = '-';
  return write_uint64(0 - static_cast<std::uint64_t>(value), out);
}

char* write_double(double value, char* out) noexcept {
  if (std::isnan(value)) return std::copy_n("nan", 3, out);
  return std::to_chars(out, out + kDoubleBytesMax, value, std::chars_format::general, 17).ptr;
}

LongDoubleText::LongDoubleText(long double value) noexcept {
  if (std::isinf(value)) {
    size_ = static_cast<std::size_t>(std::snprintf(text_.data(), text_.size(), value > 0 ? "inf" : "-inf"));
    return;
  }
  size_ = static_cast<std::size_t>(std::snprintf(text_.data(), text_.size(), "%.17Lf", value));
  if (view().find('.') == std::string_view::npos) return;
  while (text_[size_ - 1] == '0') --size_;
  if (text_[size_ - 1] == '.') --size_;
  if (view() == "-0") {
    text_[0] = '0';
    size_ = 1;
  }
}

}  // namespace kv::protocol
