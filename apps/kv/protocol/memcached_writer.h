// MemcachedWriter: replies to memcached clients, text and meta.
//
// Thread, lifetime, cost: as ReplyWriter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kv/protocol/memcached_request.h"
#include "kv/protocol/reply_writer.h"

namespace kv::protocol {

// What meta commands tell about an item.
struct MetaItem {
  std::size_t value_bytes = 0;
  std::uint32_t client_flags = 0;
  std::uint64_t cas_unique = 0;
  std::int64_t ttl_s = -1;   // -1: never expires
  std::uint64_t idle_s = 0;  // since it was last accessed
  bool was_hit = false;
  bool won = false;         // W: this client is to refresh the item
  bool token_sent = false;  // Z: another one already is
  bool stale = false;       // X
};

class MemcachedWriter : public ReplyWriter {
 public:
  using ReplyWriter::ReplyWriter;

  // One line: "STORED", "NOT_FOUND", an error.
  void line(std::string_view text) {
    raw(text);
    crlf();
  }

  void number(std::uint64_t value) {
    unsigned_digits(value);
    crlf();
  }

  // The line in front of a value; the value and crlf() follow, and end() behind the last one. The unique number for gets and gats.
  void value_header(std::string_view key, std::uint32_t client_flags, std::size_t bytes,
                    std::optional<std::uint64_t> cas_unique = std::nullopt);
  void crlf() { literal("\r\n"); }
  void end() { literal("END\r\n"); }

  void stat(std::string_view name, std::string_view value);

  // Answers without an item: "HD", "EN", "NF", "NS", "EX". The opaque and the key come back if they were asked for.
  void meta_status(std::string_view code, const MemcachedRequest& request);

  // The answer of mg and ma with an item: "HD" or "VA size", then what the flags ask for. If they ask for the value, it and crlf()
  // follow.
  void meta_item(const MemcachedRequest& request, const MetaItem& item);

  // The answer of ms: a code, then what the flags ask for.
  void meta_stored(std::string_view code, const MemcachedRequest& request, std::uint64_t cas_unique);

 private:
  void flag_number(char letter, std::uint64_t value);
  void echo(std::string_view token);
  void key_flag(const MemcachedRequest& request);
  bool meta_echo(std::string_view token, const MemcachedRequest& request);
  void item_flag(char letter, const MetaItem& item);
};

}  // namespace kv::protocol
