#include "kv/protocol/memcached_line.h"

#include <climits>

#include "kv/protocol/memcached_errors.h"
#include "kv/protocol/memcached_meta.h"
#include "kv/protocol/memcached_words.h"

namespace kv::protocol {

namespace {

using enum MemcachedCommand;

LineResult refuse(std::string_view error) { return {.kind = LineKind::refused, .error = error}; }

// What a client that asked for silence is not told.
LineResult refuse_unless_quiet(std::string_view error, const MemcachedRequest& request) {
  return refuse(request.quiet ? std::string_view() : error);
}

void take_noreply(const Words& words, MemcachedRequest& request) { request.quiet = words.last() == "noreply"; }

bool is_key_too_long(std::string_view key) { return key.size() > kMemcachedKeyBytesMax; }

// `rest` is the line behind the command's name.
LineResult parse_get(MemcachedCommand command, std::string_view rest, MemcachedRequest& request) {
  std::string_view word = take_word(rest);
  if (word.empty()) return refuse(errors::kError);
  request.command = command;
  if (command == gat || command == gats) {
    if (!read_number(word, request.exptime)) return refuse(errors::kExptime);
    word = take_word(rest);
  }
  request.keys.clear();
  for (; !word.empty(); word = take_word(rest)) {
    if (is_key_too_long(word)) return refuse(errors::kFormat);
    request.keys.push_back(word);
  }
  return {};
}

LineResult parse_storing(MemcachedCommand command, const Words& words, MemcachedRequest& request) {
  const std::size_t least = command == cas ? 6 : 5;
  if (words.count() != least && words.count() != least + 1) return refuse(errors::kError);
  request.command = command;
  take_noreply(words, request);
  std::int32_t bytes = 0;
  if (is_key_too_long(words[1]) || !read_number(words[2], request.client_flags) || !read_number(words[3], request.exptime) ||
      !read_number(words[4], bytes) || (command == cas && !read_number(words[5], request.cas_unique)) || bytes < 0 ||
      bytes > INT_MAX - 2) {
    return refuse_unless_quiet(errors::kFormat, request);
  }
  request.key = words[1];
  return {.kind = LineKind::storing, .value_bytes = static_cast<std::size_t>(bytes)};
}

LineResult parse_arithmetic(MemcachedCommand command, const Words& words, MemcachedRequest& request) {
  if (words.count() != 3 && words.count() != 4) return refuse(errors::kError);
  request.command = command;
  take_noreply(words, request);
  if (is_key_too_long(words[1])) return refuse_unless_quiet(errors::kFormat, request);
  if (!read_number(words[2], request.delta)) return refuse_unless_quiet(errors::kDelta, request);
  request.key = words[1];
  return {};
}

LineResult parse_touch(const Words& words, MemcachedRequest& request) {
  if (words.count() != 3 && words.count() != 4) return refuse(errors::kError);
  request.command = touch;
  take_noreply(words, request);
  if (is_key_too_long(words[1])) return refuse_unless_quiet(errors::kFormat, request);
  if (!read_number(words[2], request.exptime)) return refuse_unless_quiet(errors::kExptime, request);
  request.key = words[1];
  return {};
}

LineResult parse_delete(const Words& words, MemcachedRequest& request) {
  if (words.count() < 2 || words.count() > 4) return refuse(errors::kError);
  request.command = remove;
  if (words.count() > 2) {
    // An old form had the seconds that the key stays blocked; only none of them is left.
    const bool is_zero = words[2] == "0";
    take_noreply(words, request);
    const bool valid = words.count() == 3 ? is_zero || request.quiet : is_zero && request.quiet;
    if (!valid) return refuse_unless_quiet(errors::kDeleteUsage, request);
  }
  if (is_key_too_long(words[1])) return refuse_unless_quiet(errors::kFormat, request);
  request.key = words[1];
  return {};
}

LineResult parse_flush_all(const Words& words, MemcachedRequest& request) {
  if (words.count() > 3) return refuse(errors::kError);
  request.command = flush_all;
  take_noreply(words, request);
  if (words.count() == (request.quiet ? 2u : 1u)) return {};
  if (!read_number(words[1], request.exptime)) return refuse_unless_quiet(errors::kExptime, request);
  return {};
}

LineResult parse_verbosity(const Words& words, MemcachedRequest& request) {
  if (words.count() != 2 && words.count() != 3) return refuse(errors::kError);
  request.command = verbosity;
  take_noreply(words, request);
  std::uint32_t level = 0;
  if (!read_number(words[1], level)) return refuse_unless_quiet(errors::kFormat, request);
  return {};
}

LineResult parse_stats(std::string_view rest, MemcachedRequest& request) {
  request.command = stats;
  request.keys.clear();
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) request.keys.push_back(word);
  return {};
}

LineResult plain(MemcachedCommand command, MemcachedRequest& request) {
  request.command = command;
  return {};
}

LineResult parse_meta(char letter, const Words& words, MemcachedRequest& request) {
  switch (letter) {
    case 'g': return parse_meta_get(words, request);
    case 's': return parse_meta_set(words, request);
    case 'd': return parse_meta_delete(words, request);
    case 'a': return parse_meta_arithmetic(words, request);
    case 'e': return parse_meta_debug(words, request);
    case 'n': return plain(meta_noop, request);
    default: return refuse(errors::kError);
  }
}

LineResult parse_text(std::string_view rest, const Words& words, MemcachedRequest& request) {
  const std::string_view name = words[0];
  if (name == "set") return parse_storing(set, words, request);
  if (name == "add") return parse_storing(add, words, request);
  if (name == "replace") return parse_storing(replace, words, request);
  if (name == "append") return parse_storing(append, words, request);
  if (name == "prepend") return parse_storing(prepend, words, request);
  if (name == "cas") return parse_storing(cas, words, request);
  if (name == "incr") return parse_arithmetic(incr, words, request);
  if (name == "decr") return parse_arithmetic(decr, words, request);
  if (name == "delete") return parse_delete(words, request);
  if (name == "touch") return parse_touch(words, request);
  if (name == "flush_all") return parse_flush_all(words, request);
  if (name == "verbosity") return parse_verbosity(words, request);
  if (name == "stats") return parse_stats(rest, request);
  if (name == "version") return plain(version, request);
  if (name == "quit") return plain(quit, request);
  if (std::string_view("sacidt").find(name[0]) == std::string_view::npos && words.last().starts_with("HTTP/"))
    return {.kind = LineKind::closing};
  return refuse(errors::kError);
}

}  // namespace

LineResult parse_memcached_line(std::string_view line, MemcachedRequest& request) {
  request.quiet = false;
  request.exptime = 0;
  std::string_view rest = line;
  const std::string_view name = take_word(rest);
  if (name.size() < 2) return refuse(errors::kError);
  if (name[0] == 'g') {
    if (name == "get") return parse_get(get, rest, request);
    if (name == "gets") return parse_get(gets, rest, request);
    if (name == "gat") return parse_get(gat, rest, request);
    if (name == "gats") return parse_get(gats, rest, request);
    return refuse(errors::kError);
  }
  if (name[0] == 'm' && name.size() == 2) return parse_meta(name[1], Words(line), request);
  return parse_text(rest, Words(line), request);
}

}  // namespace kv::protocol
