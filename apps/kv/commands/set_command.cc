// SET and its older kin, and GETEX, which shares its options.
#include <optional>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"

namespace kv {

namespace {

enum class ExpiryOption : std::uint8_t { none, keep, persist, ex, px, exat, pxat };

struct SetOptions {
  ExpiryOption expiry = ExpiryOption::none;
  std::string_view time;
  bool if_absent = false;
  bool if_present = false;
  bool get = false;
  std::optional<std::string_view> if_equal;
};

ExpiryOption timed_option(std::string_view argument) noexcept {
  if (is_option(argument, "ex")) return ExpiryOption::ex;
  if (is_option(argument, "px")) return ExpiryOption::px;
  if (is_option(argument, "exat")) return ExpiryOption::exat;
  if (is_option(argument, "pxat")) return ExpiryOption::pxat;
  return ExpiryOption::none;
}

// What stands alone. False: it is not of SET, or not beside what came before.
bool take_word(std::string_view argument, SetOptions& options) noexcept {
  if (is_option(argument, "nx") && !options.if_present && !options.if_equal) {
    options.if_absent = true;
  } else if (is_option(argument, "xx") && !options.if_absent && !options.if_equal) {
    options.if_present = true;
  } else if (is_option(argument, "get")) {
    options.get = true;
  } else if (is_option(argument, "keepttl") && (options.expiry == ExpiryOption::none || options.expiry == ExpiryOption::keep)) {
    options.expiry = ExpiryOption::keep;
  } else {
    return false;
  }
  return true;
}

enum class OptionsOf : std::uint8_t { set, getex };

// An option with a time may be repeated, the last one counts, but not mixed with others.
bool read_options(Call& call, std::size_t first, OptionsOf command, SetOptions& options) {
  const auto arguments = call.arguments;
  for (std::size_t index = first; index < arguments.size(); ++index) {
    const std::string_view argument = arguments[index];
    const bool has_next = index + 1 < arguments.size();
    const ExpiryOption timed = timed_option(argument);
    if (timed != ExpiryOption::none && has_next && (options.expiry == ExpiryOption::none || options.expiry == timed)) {
      options.expiry = timed;
      options.time = arguments[++index];
    } else if (command == OptionsOf::set && is_option(argument, "ifeq") && has_next && !options.if_absent && !options.if_present &&
               !options.if_equal) {
      options.if_equal = arguments[++index];
    } else if (command == OptionsOf::getex && is_option(argument, "persist") &&
               (options.expiry == ExpiryOption::none || options.expiry == ExpiryOption::persist)) {
      options.expiry = ExpiryOption::persist;
    } else if (command != OptionsOf::set || !take_word(argument, options)) {
      call.reply.error(errors::kSyntax);
      return false;
    }
  }
  return true;
}

// 0: there is none. Nothing: the error is written.
std::optional<std::int64_t> expiry_of(Call& call, const SetOptions& options) {
  switch (options.expiry) {
    case ExpiryOption::ex: return read_expiry(call, options.time, TimeUnit::seconds, TimeBase::now);
    case ExpiryOption::px: return read_expiry(call, options.time, TimeUnit::milliseconds, TimeBase::now);
    case ExpiryOption::exat: return read_expiry(call, options.time, TimeUnit::seconds, TimeBase::epoch);
    case ExpiryOption::pxat: return read_expiry(call, options.time, TimeUnit::milliseconds, TimeBase::epoch);
    default: return kNeverExpires;
  }
}

// With conditions or a look at the old value.
void set_with_look(Call& call, const SetOptions& options, PutOptions put) {
  const std::string_view key = call.arguments[1];
  bool allowed = true;
  {
    Entry old = options.get ? call.data.find(key) : call.data.peek(key);
    if (options.if_absent) allowed = !old;
    if (options.if_present) allowed = static_cast<bool>(old);
    if (options.if_equal) allowed = old && old.value() == *options.if_equal;
    if (options.expiry == ExpiryOption::keep && old) put.expiry_ms = old.expiry_ms();
    if (options.get) {
      reply_value(call, key, std::move(old));
    } else if (!allowed) {
      call.reply.null();
    }
  }
  if (!allowed) return;
  if (options.get) {
    // The reply is written: what remains is to store.
    call.data.put(key, call.arguments[2], put);
  } else if (store_value(call, key, call.arguments[2], put)) {
    call.reply.ok();
  }
}

void set_for(Call& call, TimeUnit unit) {
  const auto expiry = read_expiry(call, call.arguments[2], unit, TimeBase::now);
  if (expiry && store_value(call, call.arguments[1], call.arguments[3], {.expiry_ms = *expiry})) call.reply.ok();
}

}  // namespace

void set_command(Call& call) {
  if (call.arguments.size() == 3) [[likely]] {
    if (store_value(call, call.arguments[1], call.arguments[2], {})) call.reply.ok();
    return;
  }
  SetOptions options;
  if (!read_options(call, 3, OptionsOf::set, options)) return;
  const auto expiry = expiry_of(call, options);
  if (!expiry) return;
  const PutOptions put{.expiry_ms = *expiry};
  const bool looks =
      options.get || options.if_absent || options.if_present || options.if_equal || options.expiry == ExpiryOption::keep;
  if (looks) return set_with_look(call, options, put);
  if (store_value(call, call.arguments[1], call.arguments[2], put)) call.reply.ok();
}

void setnx_command(Call& call) {
  if (call.data.has(call.arguments[1])) return call.reply.integer(0);
  if (store_value(call, call.arguments[1], call.arguments[2], {})) call.reply.integer(1);
}

void setex_command(Call& call) { set_for(call, TimeUnit::seconds); }
void psetex_command(Call& call) { set_for(call, TimeUnit::milliseconds); }

void getex_command(Call& call) {
  SetOptions options;
  if (!read_options(call, 2, OptionsOf::getex, options)) return;
  Entry entry = call.data.find(call.arguments[1]);
  if (!entry) return call.reply.null();
  const auto expiry = expiry_of(call, options);
  if (!expiry) return;
  const bool expires = entry.expires();
  const std::string_view key = call.arguments[1];
  reply_value(call, key, std::move(entry));
  if (*expiry != kNeverExpires && *expiry <= call.now_ms) {
    call.data.remove(key);
  } else if (*expiry != kNeverExpires || (options.expiry == ExpiryOption::persist && expires)) {
    call.data.set_expiry(key, *expiry);
  }
}

}  // namespace kv
