#include "kv/protocol/glob.h"

#include <algorithm>

#include "kv/protocol/ascii.h"

namespace kv::protocol {

namespace {

// Ranges compare as Redis's do: signed, and in lower case only where case is ignored.
constexpr int fold(char letter, Case letters) noexcept { return letters == Case::ignored ? to_lower(letter) : letter; }

constexpr bool equal(char left, char right, Case letters) noexcept { return fold(left, letters) == fold(right, letters); }

// Matches one byte against the class that begins behind the `[` at `at`; moves `at` behind it.
bool matches_class(std::string_view pattern, std::size_t& at, char letter, Case letters) noexcept {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  while (at < pattern.size() && pattern[at] != ']') {
    const std::size_t left = pattern.size() - at;
    if (pattern[at] == '\\' && left >= 2) {
      found = found || pattern[at + 1] == letter;  // in Redis an escaped letter keeps its case
      at += 2;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      const auto [low, high] = std::minmax(pattern[at], pattern[at + 2]);
      found = found || (fold(low, letters) <= fold(letter, letters) && fold(letter, letters) <= fold(high, letters));
      at += 3;
    } else {
      found = found || equal(pattern[at], letter, letters);
      ++at;
    }
  }
  if (at < pattern.size()) ++at;
  return found != negated;
}

// Matches one byte against the element at `at`, which is no star; moves `at` behind it.
bool matches_one(std::string_view pattern, std::size_t& at, char letter, Case letters) noexcept {
  switch (pattern[at++]) {
    case '?': return true;
    case '[': return matches_class(pattern, at, letter, letters);
    case '\\':
      if (at < pattern.size()) ++at;
      break;
    default: break;
  }
  return equal(pattern[at - 1], letter, letters);
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text, Case letters) noexcept {
  if (text.empty()) return pattern.empty();
  std::size_t at = 0;
  std::size_t next = 0;
  std::size_t behind_star = std::string_view::npos;  // where to go on if a star takes one byte more
  std::size_t star_end = 0;
  while (next < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      star_end = next;
      continue;
    }
    if (at < pattern.size() && matches_one(pattern, at, text[next], letters)) {
      ++next;
      continue;
    }
    if (behind_star == std::string_view::npos) return false;
    at = behind_star;
    next = ++star_end;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

bool is_literal_glob(std::string_view pattern) noexcept { return pattern.find_first_of("*?[\\") == std::string_view::npos; }

}  // namespace kv::protocol
