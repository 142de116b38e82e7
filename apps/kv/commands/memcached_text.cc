// memcached's text commands.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "kv/commands/arguments.h"
#include "kv/commands/memcached.h"
#include "kv/protocol/memcached_errors.h"
#include "kv/protocol/memcached_words.h"
#include "kv/protocol/number.h"

namespace kv {

namespace {

using protocol::MemcachedCommand;
namespace memcached_errors = protocol::errors;

constexpr std::int32_t kRelativeMax = 60 * 60 * 24 * 30;
constexpr std::int64_t kPast = 1;

void answer(MemcachedCall& call, std::string_view text) {
  if (!call.request.quiet) call.reply.line(text);
}

void touch_key(MemcachedCall& call) {
  Keyspace& keyspace = call.data.keyspace_of(call.request.key);
  Entry entry = call.data.peek(call.request.key);
  if (!entry) return answer(call, "NOT_FOUND");
  const std::uint64_t before = entry.version();
  entry = {};
  const WriteResult result = call.data.touch(call.request.key, expiry_of(call.request.exptime, call.now_ms));
  keyspace.notes().move(before, result.version);
  if (result.status == WriteStatus::stored) keyspace.notes().require(result.version).was_read = true;
  answer(call, result.status == WriteStatus::stored ? "TOUCHED" : memcached_errors::kNoMemory);
}

void flush_all(MemcachedCall& call) {
  const std::int32_t delay_s = call.request.exptime;
  for (Keyspace* const keyspace : call.data.cores()) {
    if (delay_s > 0) {
      keyspace->clear_at(call.data.number(), expiry_of(delay_s, call.now_ms));
    } else {
      keyspace->clear(call.data.number());
    }
  }
  answer(call, "OK");
}

}  // namespace

std::int64_t expiry_of(std::int32_t exptime, std::int64_t now_ms) noexcept {
  if (exptime == 0) return kNeverExpires;
  if (exptime < 0) return kPast;
  return exptime <= kRelativeMax ? now_ms + std::int64_t{exptime} * 1000 : std::int64_t{exptime} * 1000;
}

PutOptions reservation_options(const protocol::MemcachedRequest& request, std::int64_t now_ms) noexcept {
  const bool is_meta = request.command == MemcachedCommand::meta_set;
  return {.expiry_ms = expiry_of(is_meta ? request.meta.exptime.value_or(0) : request.exptime, now_ms),
          .client_flags = is_meta ? request.meta.client_flags : request.client_flags};
}

void execute(MemcachedCall& call) {
  switch (call.request.command) {
    case MemcachedCommand::get:
    case MemcachedCommand::gets:
    case MemcachedCommand::gat:
    case MemcachedCommand::gats: return retrieve(call);
    case MemcachedCommand::set:
    case MemcachedCommand::add:
    case MemcachedCommand::replace:
    case MemcachedCommand::append:
    case MemcachedCommand::prepend:
    case MemcachedCommand::cas: return store(call);
    case MemcachedCommand::incr:
    case MemcachedCommand::decr: return count(call);
    case MemcachedCommand::touch: return touch_key(call);
    case MemcachedCommand::remove: return answer(call, call.data.remove(call.request.key) ? "DELETED" : "NOT_FOUND");
    case MemcachedCommand::flush_all: return flush_all(call);
    case MemcachedCommand::verbosity: return answer(call, "OK");
    case MemcachedCommand::version: return call.reply.line("VERSION 1.6.18");
    case MemcachedCommand::meta_get: return meta_get(call);
    case MemcachedCommand::meta_set: return meta_set(call);
    case MemcachedCommand::meta_delete: return meta_delete(call);
    case MemcachedCommand::meta_arithmetic: return meta_arithmetic(call);
    case MemcachedCommand::meta_noop: return call.reply.line("MN");
    case MemcachedCommand::meta_debug: return meta_debug(call);
    case MemcachedCommand::stats:
    case MemcachedCommand::quit: break;
  }
}

void write_value(MemcachedCall& call, std::string_view key, Entry entry) {
  const std::string_view value = entry.value();
  if (value.size() >= kReferenceBytesMin) {
    if (const protocol::Pin pin = call.data.keyspace_of(key).pin(entry); pin.release != nullptr) {
      call.reply.refer(value, pin);
      return call.reply.crlf();
    }
  }
  call.reply.raw(value);
  call.reply.crlf();
}

void retrieve(MemcachedCall& call) {
  const MemcachedCommand command = call.request.command;
  const bool touches = command == MemcachedCommand::gat || command == MemcachedCommand::gats;
  const bool unique = command == MemcachedCommand::gets || command == MemcachedCommand::gats;
  for (const std::string_view key : call.request.keys) {
    Entry entry = call.data.find(key);
    if (!entry) continue;
    ItemNotes& notes = call.data.keyspace_of(key).notes();
    // What is shown is the item as it was found: the new time may have come already.
    std::uint64_t version = entry.version();
    if (touches) {
      const WriteResult result = call.data.touch(key, expiry_of(call.request.exptime, call.now_ms));
      if (result.status == WriteStatus::stored) {
        notes.move(version, result.version);
        version = result.version;
      }
    }
    ItemNote& note = notes.require(version);
    note.was_read = true;
    note.used_ms = call.now_ms;
    call.reply.value_header(key, entry.client_flags(), entry.value().size(), unique ? std::optional(version) : std::nullopt);
    write_value(call, key, std::move(entry));
  }
  call.reply.end();
}

// --- storing

WriteResult put_value(MemcachedCall& call, Condition condition, std::uint64_t version, const PutOptions& options) {
  PutOptions put = options;
  put.condition = condition;
  put.version = version;
  const std::string_view key = call.request.key;
  const bool has_landed = call.landed != nullptr && *call.landed &&
                          reinterpret_cast<const char*>(call.landed->value().data()) == call.request.value.data();
  const WriteResult result = has_landed ? call.data.keyspace_of(key).commit(*call.landed, call.data.number(), key, put)
                                        : call.data.put(key, call.request.value, put);
  if (result.status == WriteStatus::stored) call.data.keyspace_of(key).notes().require(result.version).used_ms = call.now_ms;
  return result;
}

WriteResult join_value(MemcachedCall& call, Joint joint) {
  const std::string_view key = call.request.key;
  const std::string_view piece = call.request.value;
  std::size_t before = 0;
  {
    const Entry entry = call.data.find(key);
    if (!entry) return {WriteStatus::absent, 0};
    before = entry.value().size();
  }
  return call.data.modify(key, before + piece.size(), {}, [&](Bytes value) {
    if (piece.empty()) return;
    if (joint == Joint::prepend) std::memmove(value.data() + piece.size(), value.data(), before);
    std::memcpy(value.data() + (joint == Joint::prepend ? 0 : before), piece.data(), piece.size());
  });
}

namespace {

std::string_view text_of(WriteStatus status) noexcept {
  switch (status) {
    case WriteStatus::stored: return "STORED";
    case WriteStatus::present:
    case WriteStatus::absent: return "NOT_STORED";
    case WriteStatus::differs: return "EXISTS";
    case WriteStatus::too_large: return memcached_errors::kTooLarge;
    case WriteStatus::no_memory:
    case WriteStatus::cold: break;
  }
  return memcached_errors::kNoMemory;
}

}  // namespace

void store(MemcachedCall& call) {
  const PutOptions options = reservation_options(call.request, call.now_ms);
  WriteStatus status = WriteStatus::stored;
  switch (call.request.command) {
    case MemcachedCommand::add: status = put_value(call, Condition::if_absent, 0, options).status; break;
    case MemcachedCommand::replace: status = put_value(call, Condition::if_present, 0, options).status; break;
    case MemcachedCommand::append: status = join_value(call, Joint::append).status; break;
    case MemcachedCommand::prepend: status = join_value(call, Joint::prepend).status; break;
    case MemcachedCommand::cas:
      status = put_value(call, Condition::if_version, call.request.cas_unique, options).status;
      if (status == WriteStatus::absent) return answer(call, "NOT_FOUND");
      break;
    default: status = put_value(call, Condition::always, 0, options).status;
  }
  answer(call, text_of(status));
}

// --- counting

Counted add_to_number(Database& data, std::string_view key, Direction direction, std::uint64_t delta,
                      std::optional<std::uint64_t> version) {
  Counted counted;
  std::size_t before = 0;
  std::uint64_t version_before = 0;
  {
    const Entry entry = data.find(key);
    if (!entry) return {.status = Counted::Status::absent};
    if (entry.value().empty()) return {.status = Counted::Status::not_a_number};
    if (version && entry.version() != *version) return {.status = Counted::Status::differs};
    // A NUL ends a number, as it does in C.
    const std::string_view text = entry.value().substr(0, entry.value().find('\0'));
    if (!protocol::read_number(text, counted.number)) return {.status = Counted::Status::not_a_number};
    before = entry.value().size();
    version_before = entry.version();
  }
  counted.number = direction == Direction::up ? counted.number + delta : counted.number - std::min(delta, counted.number);
  std::array<char, protocol::kIntegerBytesMax> digits;
  const auto size = static_cast<std::size_t>(protocol::write_uint64(counted.number, digits.data()) - digits.data());
  const std::size_t after = std::max(before, size);
  counted.grew = size > before;
  const WriteResult result = data.modify(key, after, {}, [&](Bytes value) {
    std::memcpy(value.data(), digits.data(), size);
    std::memset(value.data() + size, ' ', after - size);
  });
  if (result.status != WriteStatus::stored) {
    counted.status = Counted::Status::no_memory;
  } else if (!counted.grew) {
    data.keyspace_of(key).notes().move(version_before, result.version);  // to memcached a number that fits is the same item
  }
  counted.version = result.version;
  return counted;
}

void count(MemcachedCall& call) {
  const Direction direction = call.request.command == MemcachedCommand::incr ? Direction::up : Direction::down;
  const Counted counted = add_to_number(call.data, call.request.key, direction, call.request.delta, std::nullopt);
  switch (counted.status) {
    case Counted::Status::done:
      if (!call.request.quiet) call.reply.number(counted.number);
      return;
    case Counted::Status::absent: return answer(call, "NOT_FOUND");
    case Counted::Status::not_a_number: return answer(call, memcached_errors::kNotANumber);
    case Counted::Status::differs:
    case Counted::Status::no_memory: return answer(call, memcached_errors::kNoMemory);
  }
}

}  // namespace kv
