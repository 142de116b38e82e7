#include "kv/protocol/memcached_writer.h"

#include "kv/protocol/base64.h"

namespace kv::protocol {

void MemcachedWriter::value_header(std::string_view key, std::uint32_t client_flags, std::size_t bytes,
                                   std::optional<std::uint64_t> cas_unique) {
  literal("VALUE ");
  raw(key);
  literal(" ");
  unsigned_digits(client_flags);
  literal(" ");
  unsigned_digits(bytes);
  if (cas_unique) {
    literal(" ");
    unsigned_digits(*cas_unique);
  }
  crlf();
}

void MemcachedWriter::stat(std::string_view name, std::string_view value) {
  literal("STAT ");
  raw(name);
  literal(" ");
  line(value);
}

void MemcachedWriter::flag_number(char letter, std::uint64_t value) {
  require(2 + kIntegerBytesMax);
  put(' ');
  put(letter);
  next_ = write_uint64(value, next_);
}

void MemcachedWriter::echo(std::string_view token) {
  literal(" ");
  raw(token);
}

void MemcachedWriter::key_flag(const MemcachedRequest& request) {
  literal(" k");
  if (!request.meta.key_is_base64) {
    raw(request.key);
    return;
  }
  require((kMemcachedKeyBytesMax + 2) / 3 * 4);
  next_ = encode_base64(request.key, next_);
  literal(" b");
}

// What every meta answer repeats. False: another flag.
bool MemcachedWriter::meta_echo(std::string_view token, const MemcachedRequest& request) {
  if (token[0] == 'O') {
    echo(token);
  } else if (token[0] == 'k') {
    key_flag(request);
  } else {
    return false;
  }
  return true;
}

void MemcachedWriter::meta_status(std::string_view code, const MemcachedRequest& request) {
  raw(code);
  for (const std::string_view token : request.meta) meta_echo(token, request);
  crlf();
}

void MemcachedWriter::meta_stored(std::string_view code, const MemcachedRequest& request, std::uint64_t cas_unique) {
  raw(code);
  for (const std::string_view token : request.meta) {
    if (!meta_echo(token, request) && token[0] == 'c') flag_number('c', cas_unique);
  }
  crlf();
}

void MemcachedWriter::meta_item(const MemcachedRequest& request, const MetaItem& item) {
  if (request.meta.wants_value) {
    literal("VA ");
    unsigned_digits(item.value_bytes);
  } else {
    literal("HD");
  }
  for (const std::string_view token : request.meta) {
    if (!meta_echo(token, request)) item_flag(token[0], item);
  }
  if (item.token_sent) literal(" Z");
  if (item.stale) literal(" X");
  if (item.won) literal(" W");
  crlf();
}

void MemcachedWriter::item_flag(char letter, const MetaItem& item) {
  switch (letter) {
    case 's': flag_number('s', item.value_bytes); break;
    case 'c': flag_number('c', item.cas_unique); break;
    case 'f': flag_number('f', item.client_flags); break;
    case 'l': flag_number('l', item.idle_s); break;
    case 'h': flag_number('h', item.was_hit ? 1 : 0); break;
    case 't':
      if (item.ttl_s < 0) {
        literal(" t-1");
      } else {
        flag_number('t', static_cast<std::uint64_t>(item.ttl_s));
      }
      break;
    default: break;
  }
}

}  // namespace kv::protocol
