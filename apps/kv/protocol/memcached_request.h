// MemcachedRequest: one command of a memcached client, text or meta, with its numbers read.
//
// Lifetime: its views are those of RequestReader, but for a key that came in base64, which lies in the request itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kv/protocol/argument_list.h"

namespace kv::protocol {

inline constexpr std::size_t kMemcachedKeyBytesMax = 250;
inline constexpr std::size_t kMetaTokensMax = 20;   // in a meta command, its name included
inline constexpr std::size_t kOpaqueBytesMax = 32;  // the flag's letter included

enum class MemcachedCommand : std::uint8_t {
  get,  // keys
  gets,
  gat,  // exptime, keys
  gats,
  set,  // key, client_flags, exptime, value
  add,
  replace,
  append,
  prepend,
  cas,   // and cas_unique
  incr,  // key, delta
  decr,
  touch,  // key, exptime
  remove,
  flush_all,  // exptime
  verbosity,
  stats,  // keys: its words
  version,
  quit,
  meta_get,  // key, meta; meta_set: and value
  meta_set,
  meta_delete,
  meta_arithmetic,
  meta_noop,
  meta_debug,
};

// The switch of `ms` (M flag) and `ma`, resolved to what it means.
enum class MetaMode : std::uint8_t { none, set, add, append, prepend, replace, increment, decrement };

// The flags of a meta command, in the order in which the answer repeats them.
struct MetaFlags {
  // To none; the tokens beyond `count` mean nothing.
  void clear() noexcept {
    count = 0;
    mode = MetaMode::none;
    wants_value = no_bump = invalidate = key_is_base64 = false;
    exptime = vivify_exptime = recache_exptime = std::nullopt;
    cas_unique = std::nullopt;
    client_flags = 0;
    delta = 1;
    initial = 0;
  }

  std::array<std::string_view, kMetaTokensMax> tokens;  // each with its letter first
  std::size_t count = 0;
  MetaMode mode = MetaMode::none;
  bool wants_value = false;                     // v
  bool no_bump = false;                         // u
  bool invalidate = false;                      // I
  bool key_is_base64 = false;                   // b
  std::optional<std::int32_t> exptime;          // T
  std::optional<std::int32_t> vivify_exptime;   // N
  std::optional<std::int32_t> recache_exptime;  // R
  std::optional<std::uint64_t> cas_unique;      // C
  std::uint32_t client_flags = 0;               // F
  std::uint64_t delta = 1;                      // D
  std::uint64_t initial = 0;                    // J

  const std::string_view* begin() const noexcept { return tokens.data(); }
  const std::string_view* end() const noexcept { return tokens.data() + count; }
};

struct MemcachedRequest {
  MemcachedRequest() = default;
  MemcachedRequest(const MemcachedRequest&) = delete;
  MemcachedRequest& operator=(const MemcachedRequest&) = delete;

  MemcachedCommand command = MemcachedCommand::meta_noop;
  bool quiet = false;  // noreply, or the q flag: errors of the protocol are told nevertheless for meta commands
  std::int32_t exptime = 0;
  std::uint32_t client_flags = 0;
  std::uint64_t cas_unique = 0;
  std::uint64_t delta = 0;
  std::string_view key;
  std::string_view value;
  ArgumentList keys;  // of get and its kin; the words of stats
  MetaFlags meta;
  std::array<char, kMemcachedKeyBytesMax> decoded_key;
};

}  // namespace kv::protocol
