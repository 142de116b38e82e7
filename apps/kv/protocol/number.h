// Numbers as Redis reads and writes them.
//
// Thread: any (the C locale is assumed, which servers never leave). Cost: integers a few nanoseconds; floating point goes through the
// C library, whose rounding is what clients compare with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kv::protocol {

// Digits with an optional minus, nothing else: no blank, no plus, no zero in front. What is read formats back to the same text, which
// is why a counter may be stored as its number. Nothing for anything else, or beyond 64 bits.
std::optional<std::int64_t> parse_int64(std::string_view text) noexcept;

// What strtold reads, without blanks in front and anything behind; "inf" is a number, "nan" is not. Nothing for anything else, for what
// over- or underflows, and for 5,120 characters or more.
std::optional<long double> parse_long_double(std::string_view text) noexcept;
std::optional<double> parse_double(std::string_view text) noexcept;

inline constexpr std::size_t kIntegerBytesMax = 20;  // "-9223372036854775808", "18446744073709551615"

// Writes the digits to `out` and returns where they end. Requires: kIntegerBytesMax bytes of room.
char* write_int64(std::int64_t value, char* out) noexcept;
char* write_uint64(std::uint64_t value, char* out) noexcept;

inline constexpr std::size_t kDoubleBytesMax = 24;  // "-1.7976931348623157e+308"

// Seventeen significant digits, as printf's %.17g, and inf, -inf, nan. Requires: kDoubleBytesMax bytes of room.
char* write_double(double value, char* out) noexcept;

// Text of a long double as INCRBYFLOAT stores it: plain notation, 17 digits after the point, without the zeros at the end.
class LongDoubleText {
 public:
  explicit LongDoubleText(long double value) noexcept;
  std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 5120> text_;  // the largest long double has 4,933 digits
  std::size_t size_ = 0;
};

}  // namespace kv::protocol
