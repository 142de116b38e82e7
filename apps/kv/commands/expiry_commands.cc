// Commands on when a key ends.
#include <limits>
#include <optional>
#include <string>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"

namespace kv {

namespace {

struct ExpireOptions {
  bool if_none = false;
  bool if_some = false;
  bool if_later = false;
  bool if_sooner = false;
};

std::optional<ExpireOptions> read_options(Call& call) {
  ExpireOptions options;
  for (const std::string_view argument : call.arguments.subspan(3)) {
    if (is_option(argument, "nx")) {
      options.if_none = true;
    } else if (is_option(argument, "xx")) {
      options.if_some = true;
    } else if (is_option(argument, "gt")) {
      options.if_later = true;
    } else if (is_option(argument, "lt")) {
      options.if_sooner = true;
    } else {
      std::string text("ERR Unsupported option ");
      text.append(argument.substr(0, argument.find('\0')));
      call.reply.error(text);
      return std::nullopt;
    }
  }
  const bool clash = options.if_none && (options.if_some || options.if_later || options.if_sooner);
  if (!clash && !(options.if_later && options.if_sooner)) return options;
  call.reply.error(clash ? errors::kNxWithOthers : errors::kGtWithLt);
  return std::nullopt;
}

// Milliseconds since 1970, in the past too.
std::optional<std::int64_t> read_end(Call& call, TimeUnit unit, TimeBase base) {
  const auto number = read_integer(call, call.arguments[2]);
  if (!number) return std::nullopt;
  std::int64_t end = *number;
  const bool fits = unit == TimeUnit::milliseconds || !__builtin_mul_overflow(end, 1000, &end);
  if (fits && !__builtin_add_overflow(end, base == TimeBase::now ? call.now_ms : 0, &end)) return end;
  refuse_expiry(call);
  return std::nullopt;
}

bool applies(const ExpireOptions& options, const Entry& entry, std::int64_t end) noexcept {
  if (options.if_none && entry.expires()) return false;
  if (options.if_some && !entry.expires()) return false;
  if (options.if_later && (!entry.expires() || end <= entry.expiry_ms())) return false;
  return !options.if_sooner || !entry.expires() || end < entry.expiry_ms();
}

void expire(Call& call, TimeUnit unit, TimeBase base) {
  const auto options = read_options(call);
  if (!options) return;
  const auto end = read_end(call, unit, base);
  if (!end) return;
  const std::string_view key = call.arguments[1];
  {
    const Entry entry = call.data.peek(key);
    if (!entry || !applies(*options, entry, *end)) return call.reply.integer(0);
  }
  if (*end <= call.now_ms) {
    call.data.remove(key);
  } else if (!call.data.set_expiry(key, *end)) {
    return call.reply.error(errors::kOutOfMemory);
  }
  call.reply.integer(1);
}

// As Redis rounds.
std::int64_t in_unit(std::int64_t milliseconds, TimeUnit unit) noexcept {
  return unit == TimeUnit::seconds ? milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0) : milliseconds;
}

void tell_expiry(Call& call, TimeUnit unit, TimeBase base) {
  const Entry entry = call.data.peek(call.arguments[1]);
  if (!entry) return call.reply.integer(-2);
  if (!entry.expires()) return call.reply.integer(-1);
  const std::int64_t start = base == TimeBase::now ? call.now_ms : 0;
  call.reply.integer(in_unit(entry.expiry_ms() > start ? entry.expiry_ms() - start : 0, unit));
}

}  // namespace

void expire_command(Call& call) { expire(call, TimeUnit::seconds, TimeBase::now); }
void pexpire_command(Call& call) { expire(call, TimeUnit::milliseconds, TimeBase::now); }
void expireat_command(Call& call) { expire(call, TimeUnit::seconds, TimeBase::epoch); }
void pexpireat_command(Call& call) { expire(call, TimeUnit::milliseconds, TimeBase::epoch); }

void ttl_command(Call& call) { tell_expiry(call, TimeUnit::seconds, TimeBase::now); }
void pttl_command(Call& call) { tell_expiry(call, TimeUnit::milliseconds, TimeBase::now); }
void expiretime_command(Call& call) { tell_expiry(call, TimeUnit::seconds, TimeBase::epoch); }
void pexpiretime_command(Call& call) { tell_expiry(call, TimeUnit::milliseconds, TimeBase::epoch); }

void persist_command(Call& call) {
  const bool expires = [&] {
    const Entry entry = call.data.peek(call.arguments[1]);
    return entry && entry.expires();
  }();
  call.reply.integer(expires && call.data.set_expiry(call.arguments[1], kNeverExpires) ? 1 : 0);
}

}  // namespace kv
