#include "corering/base/byte_size.h"

#include <array>
#include <charconv>

namespace corering::base {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

// The binary units come first and largest first: format_byte_size takes the first that divides.
constexpr std::array<Unit, 10> kUnits{{
    {"TiB", 1ULL << 40},
    {"GiB", 1ULL << 30},
    {"MiB", 1ULL << 20},
    {"KiB", 1ULL << 10},
    {"B", 1},
    {"", 1},
    {"KB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
}};

Error refused(std::string_view text) {
  return {ErrorCode::invalid_argument, 0,
          "found size '" + std::string(text) + "', need digits and a unit such as KiB, MiB or GiB (for example 64MiB)"};
}

}  // namespace

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  std::uint64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, count);
  if (status != std::errc{}) return failure(refused(text));
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(count, unit.bytes, &bytes)) return failure(refused(text));
    return bytes;
  }
  return failure(refused(text));
}

std::string format_byte_size(std::uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (unit.bytes == 1) break;
    if (bytes != 0 && bytes % unit.bytes == 0) return std::to_string(bytes / unit.bytes) + std::string(unit.name);
  }
  return std::to_string(bytes);
}

}  // namespace corering::base
