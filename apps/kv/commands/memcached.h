// Memcached's commands over the same keys: text and meta, semantics of memcached 1.6.18. They see database 0.
//
// The unique number of cas is the version of the item. It grows with every change, touch included, where memcached's stays.
//
// Thread, lifetime: as Call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kv/protocol/memcached_request.h"
#include "kv/protocol/memcached_writer.h"
#include "kv/store/database.h"

namespace kv {

struct MemcachedCall {
  const protocol::MemcachedRequest& request;
  Database& data;
  protocol::MemcachedWriter& reply;
  std::int64_t now_ms;  // since 1970, of this turn
  corering::cache::Reservation* landed =
      nullptr;  // holds the value, which was received where it is to stay: see reservation_options
};

// Runs it. Not for quit and stats, which are the session's; flush_all empties the keyspaces of all cores, and wants them.
void execute(MemcachedCall& call);

// What to reserve a place for the value with, before it has come, of set, add, replace, cas and their meta kin.
PutOptions reservation_options(const protocol::MemcachedRequest& request, std::int64_t now_ms) noexcept;

// Calls visit(key) for every key of the request.
template <typename Visit>
void for_each_key(const protocol::MemcachedRequest& request, Visit&& visit) {
  using enum protocol::MemcachedCommand;
  switch (request.command) {
    case get:
    case gets:
    case gat:
    case gats:
      for (const std::string_view key : request.keys) visit(key);
      return;
    case flush_all:
    case verbosity:
    case stats:
    case version:
    case quit:
    case meta_noop: return;
    default: visit(request.key);
  }
}

// --- the parts

void retrieve(MemcachedCall& call);
void store(MemcachedCall& call);
void count(MemcachedCall& call);
void meta_get(MemcachedCall& call);
void meta_set(MemcachedCall& call);
void meta_delete(MemcachedCall& call);
void meta_arithmetic(MemcachedCall& call);
void meta_debug(MemcachedCall& call);

// Milliseconds since 1970 of an exptime: 0 never, up to 30 days from now, beyond that since 1970; negative: at once.
std::int64_t expiry_of(std::int32_t exptime, std::int64_t now_ms) noexcept;

// Writes a value, by reference if it is large, and the end of its line.
void write_value(MemcachedCall& call, std::string_view key, Entry entry);

// Puts the value of the request.
WriteResult put_value(MemcachedCall& call, Condition condition, std::uint64_t version, const PutOptions& options);
// Joins the value of the request to the present one.
enum class Joint : std::uint8_t { append, prepend };
WriteResult join_value(MemcachedCall& call, Joint joint);

struct Counted {
  enum class Status : std::uint8_t { done, absent, not_a_number, differs, no_memory };
  Status status = Status::done;
  std::uint64_t number = 0;
  std::uint64_t version = 0;
  bool grew = false;  // the number has more digits than the value had bytes
};
enum class Direction : std::uint8_t { up, down };
// Upwards it wraps around, downwards it stops at 0; what became shorter is filled with blanks, as memcached does.
Counted add_to_number(Database& data, std::string_view key, Direction direction, std::uint64_t delta,
                      std::optional<std::uint64_t> version);

}  // namespace kv
