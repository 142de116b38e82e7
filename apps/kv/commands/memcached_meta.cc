// memcached's meta commands: mg ms md ma me.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "kv/commands/memcached.h"
#include "kv/protocol/memcached_errors.h"
#include "kv/protocol/number.h"

namespace kv {

namespace {

using protocol::MetaFlags;
using protocol::MetaItem;
using protocol::MetaMode;
namespace memcached_errors = protocol::errors;

// Seconds that are left, begun ones included; -1: all of them.
std::int64_t ttl_of(const Entry& entry, std::int64_t now_ms) noexcept {
  return entry.expires() ? std::max<std::int64_t>((entry.expiry_ms() - now_ms + 999) / 1000, 0) : -1;
}

MetaItem item_of(MemcachedCall& call, const Entry& entry) {
  MetaItem item{.value_bytes = entry.value().size(),
                .client_flags = entry.client_flags(),
                .cas_unique = entry.version(),
                .ttl_s = ttl_of(entry, call.now_ms)};
  if (const ItemNote* const note = call.data.keyspace_of(call.request.key).notes().find(entry.version())) {
    item.idle_s = static_cast<std::uint64_t>(std::max<std::int64_t>(call.now_ms - note->used_ms, 0)) / 1000;
    item.was_hit = note->was_read;
    item.stale = note->is_stale;
    item.token_sent = note->token_sent;
  }
  return item;
}

void answer_item(MemcachedCall& call, const MetaItem& item, Entry entry) {
  call.reply.meta_item(call.request, item);
  if (call.request.meta.wants_value) write_value(call, call.request.key, std::move(entry));
}

// Changes the expiry; the notes stay with the item. What is shown stays the item as it was found.
std::uint64_t touched(MemcachedCall& call, const Entry& entry, std::int64_t expiry_ms) {
  const WriteResult result = call.data.touch(call.request.key, expiry_ms);
  if (result.status != WriteStatus::stored) return entry.version();
  call.data.keyspace_of(call.request.key).notes().move(entry.version(), result.version);
  return result.version;
}

// What mg makes of the expiry of an item, flag after flag: t tells what those before it have left.
struct ExpiryWalk {
  std::int64_t expiry_ms = kNeverExpires;
  std::int64_t told_ttl_s = -1;
  bool wins = false;
  bool changes = false;

  std::int64_t ttl_s(std::int64_t now_ms) const noexcept {
    return expiry_ms == kNeverExpires ? -1 : std::max<std::int64_t>((expiry_ms - now_ms + 999) / 1000, 0);
  }
  void set(std::int64_t value) noexcept {
    expiry_ms = value;
    changes = true;
  }
};

enum class Origin : std::uint8_t { found, created };

ExpiryWalk walk_flags(const MetaFlags& meta, Origin origin, std::int64_t expiry_ms, std::int64_t now_ms) {
  ExpiryWalk walk{.expiry_ms = expiry_ms};
  for (const std::string_view token : meta) {
    switch (token[0]) {
      case 'T': walk.set(expiry_of(meta.exptime.value_or(0), now_ms)); break;
      case 'N':
        if (origin == Origin::found) break;
        walk.set(expiry_of(meta.vivify_exptime.value_or(0), now_ms));
        walk.wins = true;
        break;
      case 'R': {
        const std::int64_t ttl_s = walk.ttl_s(now_ms);
        walk.wins = walk.wins || (origin == Origin::found && ttl_s >= 0 && ttl_s < meta.recache_exptime.value_or(0));
        break;
      }
      case 't': walk.told_ttl_s = walk.ttl_s(now_ms); break;
      default: break;
    }
  }
  return walk;
}

std::string_view code_of(WriteStatus status) noexcept {
  switch (status) {
    case WriteStatus::stored: return "HD";
    case WriteStatus::present:
    case WriteStatus::absent: return "NS";
    case WriteStatus::differs: return "EX";
    case WriteStatus::too_large: return memcached_errors::kTooLarge;
    case WriteStatus::no_memory:
    case WriteStatus::cold: break;
  }
  return memcached_errors::kNoMemory;
}

// ms with I, and a unique number that is older than the item's: stored, but as stale, until the time that the item had.
WriteResult store_stale(MemcachedCall& call, const Entry& old) {
  const PutOptions options{.expiry_ms = old.expiry_ms(), .client_flags = call.request.meta.client_flags};
  ItemNotes& notes = call.data.keyspace_of(call.request.key).notes();
  const ItemNote* const note = notes.find(old.version());
  const bool token_sent = note != nullptr && note->token_sent;
  const WriteResult result = call.data.put(call.request.key, call.request.value, options);
  if (result.status != WriteStatus::stored) return result;
  ItemNote& stale = notes.require(result.version);
  stale.used_ms = call.now_ms;
  stale.is_stale = true;
  stale.token_sent = token_sent;
  return result;
}

WriteResult store_if_version(MemcachedCall& call, const PutOptions& options) {
  const MetaFlags& meta = call.request.meta;
  if (meta.invalidate) {
    const Entry old = call.data.peek(call.request.key);
    if (old && *meta.cas_unique < old.version()) return store_stale(call, old);
  }
  return put_value(call, Condition::if_version, *meta.cas_unique, options);
}

WriteResult join(MemcachedCall& call, Joint joint) {
  const MetaFlags& meta = call.request.meta;
  if (meta.cas_unique) {
    const Entry entry = call.data.peek(call.request.key);
    if (entry && entry.version() != *meta.cas_unique) return {WriteStatus::differs, 0};
  }
  return join_value(call, joint);
}

// A counter that was not there. False: there is no memory for it.
bool begin_counter(MemcachedCall& call) {
  std::array<char, protocol::kIntegerBytesMax> digits;
  const char* const end = protocol::write_uint64(call.request.meta.initial, digits.data());
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return call.data.put(call.request.key, text).status == WriteStatus::stored;
}

}  // namespace

void meta_get(MemcachedCall& call) {
  const MetaFlags& meta = call.request.meta;
  const std::string_view key = call.request.key;
  Entry entry = meta.no_bump ? call.data.peek(key) : call.data.find(key);
  Origin origin = Origin::found;
  if (!entry) {
    if (!meta.vivify_exptime) {
      if (!call.request.quiet) call.reply.meta_status("EN", call.request);
      return;
    }
    // An empty item, which this client is to fill.
    if (call.data.put(key, {}).status != WriteStatus::stored) return call.reply.line(memcached_errors::kNoMemory);
    origin = Origin::created;
    entry = call.data.peek(key);
    call.data.keyspace_of(key).notes().require(entry.version()).used_ms = call.now_ms;
  }
  const ExpiryWalk walk = walk_flags(meta, origin, entry.expiry_ms(), call.now_ms);
  MetaItem item = item_of(call, entry);
  item.ttl_s = walk.told_ttl_s;
  item.won = !item.token_sent && (item.stale || walk.wins);
  if (walk.changes) item.cas_unique = touched(call, entry, walk.expiry_ms);
  const bool is_read = !meta.no_bump;  // an item that was just made too
  if (is_read || item.won) {
    ItemNote& note = call.data.keyspace_of(key).notes().require(item.cas_unique);
    note.token_sent = note.token_sent || item.won;
    if (is_read) {
      note.was_read = true;
      note.used_ms = call.now_ms;
    }
  }
  answer_item(call, item, std::move(entry));
}

void meta_set(MemcachedCall& call) {
  const MetaFlags& meta = call.request.meta;
  const PutOptions options = reservation_options(call.request, call.now_ms);
  WriteResult result;
  switch (meta.mode) {
    case MetaMode::add: result = put_value(call, Condition::if_absent, 0, options); break;
    case MetaMode::append: result = join(call, Joint::append); break;
    case MetaMode::prepend: result = join(call, Joint::prepend); break;
    default:
      if (meta.cas_unique && *meta.cas_unique != 0) {
        result = store_if_version(call, options);
        if (result.status == WriteStatus::absent) return call.reply.meta_stored("NF", call.request, 0);
      } else {
        const bool replaces = meta.mode == MetaMode::replace;
        result = put_value(call, replaces ? Condition::if_present : Condition::always, 0, options);
      }
  }
  const std::string_view code = code_of(result.status);
  if (code.size() > 2) return call.reply.line(code);
  if (call.request.quiet && result.status == WriteStatus::stored) return;
  call.reply.meta_stored(code, call.request, result.version);
}

void meta_delete(MemcachedCall& call) {
  const MetaFlags& meta = call.request.meta;
  const std::string_view key = call.request.key;
  Entry entry = call.data.peek(key);
  if (!entry) return call.reply.meta_status("NF", call.request);
  if (meta.cas_unique && entry.version() != *meta.cas_unique) return call.reply.meta_status("EX", call.request);
  if (meta.invalidate) {
    // Stale, with a new number, for the next reader to refresh.
    const std::int64_t expiry_ms = meta.exptime ? expiry_of(*meta.exptime, call.now_ms) : entry.expiry_ms();
    ItemNotes& notes = call.data.keyspace_of(key).notes();
    const std::uint64_t before = entry.version();
    entry = {};
    const WriteResult result = call.data.touch(key, expiry_ms);
    notes.move(before, result.version);
    ItemNote& note = notes.require(result.version);
    note.is_stale = true;
    note.token_sent = false;
  } else {
    entry = {};
    call.data.remove(key);
  }
  if (!call.request.quiet) call.reply.meta_status("HD", call.request);
}

void meta_arithmetic(MemcachedCall& call) {
  const MetaFlags& meta = call.request.meta;
  const std::string_view key = call.request.key;
  const Direction direction = meta.mode == MetaMode::decrement ? Direction::down : Direction::up;
  Origin origin = Origin::found;
  const Counted counted = add_to_number(call.data, key, direction, meta.delta, meta.cas_unique);
  switch (counted.status) {
    case Counted::Status::done: break;
    case Counted::Status::absent:
      if (!meta.vivify_exptime) return call.reply.meta_status("NF", call.request);
      if (!begin_counter(call)) return call.reply.line(memcached_errors::kNoMemory);
      origin = Origin::created;
      break;
    case Counted::Status::not_a_number: return call.reply.line(memcached_errors::kNotANumber);
    case Counted::Status::differs: return call.reply.meta_status("EX", call.request);
    case Counted::Status::no_memory: return call.reply.line(memcached_errors::kNoMemory);
  }
  const Entry entry = call.data.peek(key);
  if (!entry) return call.reply.meta_status("NF", call.request);
  const ExpiryWalk walk = walk_flags(meta, origin, entry.expiry_ms(), call.now_ms);
  MetaItem item = item_of(call, entry);
  item.ttl_s = walk.told_ttl_s;
  item.stale = item.token_sent = false;  // counting does not tell
  // Of a number that grew memcached gives the new time to the item that it has just replaced: told, but not kept.
  if (walk.changes && !counted.grew) item.cas_unique = touched(call, entry, walk.expiry_ms);
  // As in memcached, quiet clients hear of what did not go the usual way: misses, and items that came to be.
  if (call.request.quiet && origin == Origin::found) return;
  // The number, without the blanks that may stand behind it.
  const std::string_view number = entry.value().substr(0, entry.value().find(' '));
  item.value_bytes = number.size();
  call.reply.meta_item(call.request, item);
  if (!meta.wants_value) return;
  call.reply.raw(number);
  call.reply.crlf();
}

void meta_debug(MemcachedCall& call) {
  const std::string_view key = call.request.key;
  const Entry entry = call.data.peek(key);
  if (!entry) return call.reply.line("EN");
  const MetaItem item = item_of(call, entry);
  std::string text("ME ");
  text.append(key).append(" exp=").append(std::to_string(item.ttl_s));
  text.append(" la=").append(std::to_string(item.idle_s)).append(" cas=").append(std::to_string(item.cas_unique));
  text.append(" fetch=").append(item.was_hit ? "yes" : "no").append(" cls=0 size=");
  text.append(std::to_string(call.data.keyspace_of(key).memory_usage(call.data.number(), key)));
  call.reply.line(text);
}

}  // namespace kv
