// Glob patterns of KEYS, SCAN, PSUBSCRIBE and CONFIG GET, matched as Redis's stringmatchlen does.
//
//   *        any bytes        ?      one byte           [ab-z]  one of these; a range may stand either way round
//   [^ab]    none of these    \x     x itself           an open [ reaches to the end of the pattern
//
// Only an empty pattern matches the empty text: in Redis a star does not, either.
//
// Thread: any. Cost: no recursion; at most pattern x text steps, as only the last star is ever tried again.
#pragma once

#include <string_view>

namespace kv::protocol {

enum class Case : bool { sensitive, ignored };

bool matches_glob(std::string_view pattern, std::string_view text, Case letters = Case::sensitive) noexcept;

// Whether the pattern can match only itself, so that a lookup serves instead of a scan.
bool is_literal_glob(std::string_view pattern) noexcept;

}  // namespace kv::protocol
