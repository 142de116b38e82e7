// Key specifications: where a command's keys are, and what it does with each: what COMMAND INFO tells, and the key permissions of ACL
// go by.
//
// Apart from the table, because routing needs none of it and its rows are read at every request.
//
// Thread: any; constant. Cost: a binary search.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kv/commands/command.h"

namespace kv {

// Some of the keys of a command that it treats alike.
struct KeySpec {
  // In Redis's words: one of RO RW OW RM, then some of access, update, insert, delete, not_key, variable_flags.
  std::string_view flags = {};
  std::int8_t first = 0;  // 0: no such keys
  std::int8_t last = 0;   // counted from `first`; negative: from the end
  std::int8_t step = 0;
  std::string_view notes = {};
};

struct CommandSpec {
  std::string_view name = {};
  std::string_view tips = {};
  std::array<KeySpec, 2> keys = {};
};

// Of a command without keys and tips: an empty one.
const CommandSpec& spec_of(const Command& command) noexcept;

// The flags of one call: what SET and BITFIELD do depends on their options. Requires: the arity is right.
std::string_view flags_of_call(const Command& command, const KeySpec& spec, std::span<const std::string_view> arguments) noexcept;

// One word of flags, tips, categories: in a list with blanks between.
constexpr bool has_word(std::string_view words, std::string_view word) noexcept {
  while (!words.empty()) {
    const std::size_t end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    if (end == std::string_view::npos) return false;
    words.remove_prefix(end + 1);
  }
  return false;
}

template <typename Visit>
void for_each_word(std::string_view words, Visit&& visit) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    visit(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

constexpr std::size_t word_count(std::string_view words) noexcept {
  std::size_t count = words.empty() ? 0 : 1;
  for (const char letter : words) count += letter == ' ' ? 1 : 0;
  return count;
}

// Calls visit(key, spec) for every key of the request, in the order of the specifications. Requires: the arity is right.
template <typename Visit>
void for_each_spec_key(const Command& command, std::span<const std::string_view> arguments, Visit&& visit) {
  const auto count = static_cast<std::ptrdiff_t>(arguments.size());
  for (const KeySpec& spec : spec_of(command).keys) {
    if (spec.first == 0) break;
    const std::ptrdiff_t last = spec.last < 0 ? count + spec.last : spec.first + spec.last;
    for (std::ptrdiff_t index = spec.first; index <= last && index < count; index += spec.step) {
      visit(arguments[static_cast<std::size_t>(index)], spec);
    }
  }
}

}  // namespace kv
