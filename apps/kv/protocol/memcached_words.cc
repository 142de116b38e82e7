#include "kv/protocol/memcached_words.h"

#include <bit>

#include "kv/protocol/ascii.h"

namespace kv::protocol {

namespace {

struct Number {
  bool valid = false;
  bool negative = false;
  std::uint64_t magnitude = 0;
};

// As strtoull sees it. A tab within a word counts as a blank here.
Number read(std::string_view word) noexcept {
  while (!word.empty() && is_space(word[0])) word.remove_prefix(1);
  Number number;
  number.negative = word.starts_with('-');
  if (number.negative || word.starts_with('+')) word.remove_prefix(1);
  if (word.empty() || !is_digit(word[0])) return number;
  while (!word.empty() && is_digit(word[0])) {
    if (__builtin_mul_overflow(number.magnitude, 10u, &number.magnitude) ||
        __builtin_add_overflow(number.magnitude, static_cast<unsigned>(word[0] - '0'), &number.magnitude)) {
      return number;
    }
    word.remove_prefix(1);
  }
  number.valid = word.empty() || is_space(word[0]);
  return number;
}

constexpr std::uint64_t kOnes = 0x0101010101010101;

// A bit at the top of every byte that is zero; above the first one also where there is none.
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept { return (word - kOnes) & ~word & kOnes << 7; }

// The first blank or NUL, or the end.
const char* find_word_end(const char* next, const char* end) noexcept {
  for (; end - next >= 8; next += 8) {
    const auto word = load<std::uint64_t>(next);
    const std::uint64_t found = zero_bytes(word ^ kOnes * ' ') | zero_bytes(word);
    if (found != 0) return next + std::countr_zero(found) / 8;
  }
  while (next != end && *next != ' ' && *next != '\0') ++next;
  return next;
}

}  // namespace

Words::Words(std::string_view line) noexcept {
  while (count_ < kCountMax) {
    const std::string_view word = take_word(line);
    if (word.empty()) return;
    words_[count_++] = {word.data(), word.size()};
  }
}

std::string_view take_word(std::string_view& line) noexcept {
  const char* next = line.data();
  const char* const end = next + line.size();
  while (next != end && *next == ' ') ++next;
  const char* const begin = next;
  next = find_word_end(next, end);
  line = {next, next == end || *next == '\0' ? 0 : static_cast<std::size_t>(end - next)};
  return {begin, static_cast<std::size_t>(next - begin)};
}

bool read_number(std::string_view word, std::int32_t& value) noexcept {
  const Number number = read(word);
  if (!number.valid || number.magnitude > static_cast<std::uint64_t>(INT64_MAX) + (number.negative ? 1 : 0)) return false;
  value = static_cast<std::int32_t>(number.negative ? 0 - number.magnitude : number.magnitude);
  return true;
}

bool read_number(std::string_view word, std::uint64_t& value) noexcept {
  const Number number = read(word);
  const std::uint64_t found = number.negative ? 0 - number.magnitude : number.magnitude;
  if (!number.valid || (number.negative && static_cast<std::int64_t>(found) < 0)) return false;
  value = found;
  return true;
}

bool read_number(std::string_view word, std::uint32_t& value) noexcept {
  std::uint64_t wide = 0;
  if (!read_number(word, wide)) return false;
  value = static_cast<std::uint32_t>(wide);
  return true;
}

}  // namespace kv::protocol
