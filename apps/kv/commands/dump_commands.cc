// DUMP, RESTORE and OBJECT: how Redis would hold the value.
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "kv/commands/arguments.h"
#include "kv/commands/command.h"
#include "kv/commands/handlers.h"
#include "kv/protocol/dump_payload.h"
#include "kv/protocol/number.h"

namespace kv {

void dump_command(Call& call) {
  const Entry entry = call.data.peek(call.arguments[1]);
  if (!entry) return call.reply.null();
  std::string payload;
  protocol::write_dump(entry.value(), payload);
  call.reply.bulk(payload);
}

namespace {

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  std::int64_t idle = -1;
  std::int64_t frequency = -1;
};

// Idle time and frequency are checked and forgotten: what is restored starts as any new key does.
bool read_options(Call& call, RestoreOptions& options) {
  for (std::size_t index = 4; index < call.arguments.size(); ++index) {
    const std::string_view argument = call.arguments[index];
    const bool has_next = index + 1 < call.arguments.size();
    if (is_option(argument, "replace")) {
      options.replace = true;
    } else if (is_option(argument, "absttl")) {
      options.absolute = true;
    } else if (is_option(argument, "idletime") && has_next && options.frequency == -1) {
      const auto idle = read_integer(call, call.arguments[++index]);
      if (!idle) return false;
      if (*idle < 0) return call.reply.error(errors::kRestoreIdle), false;
      options.idle = *idle;
    } else if (is_option(argument, "freq") && has_next && options.idle == -1) {
      const auto frequency = read_integer(call, call.arguments[++index]);
      if (!frequency) return false;
      if (*frequency < 0 || *frequency > 255) return call.reply.error(errors::kRestoreFrequency), false;
      options.frequency = *frequency;
    } else {
      return call.reply.error(errors::kSyntax), false;
    }
  }
  return true;
}

std::string_view encoding_of(std::string_view value) noexcept {
  constexpr std::size_t kEmbeddedBytesMax = 44;
  if (value.size() <= protocol::kIntegerBytesMax && protocol::parse_int64(value)) return "int";
  return value.size() <= kEmbeddedBytesMax ? "embstr" : "raw";
}

// Small integers are one object for all keys, which Redis never frees.
std::int64_t reference_count(std::string_view value) noexcept {
  constexpr std::int64_t kSharedIntegers = 10'000;
  const auto number = value.size() <= 4 ? protocol::parse_int64(value) : std::nullopt;
  return number && *number >= 0 && *number < kSharedIntegers ? std::numeric_limits<std::int32_t>::max() : 1;
}

constexpr auto kHelp = std::to_array<std::string_view>({
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
    "HELP",
    "    Prints this help.",
});

}  // namespace

void restore_command(Call& call) {
  RestoreOptions options;
  if (!read_options(call, options)) return;
  const std::string_view key = call.arguments[1];
  if (!options.replace && call.data.has(key)) return call.reply.error(errors::kBusyKey);
  const auto ttl = read_integer(call, call.arguments[2]);
  if (!ttl) return;
  if (*ttl < 0) return call.reply.error(errors::kRestoreTtl);
  std::string value;
  switch (protocol::check_dump(call.arguments[3])) {
    case protocol::PayloadError::none: break;
    default: return call.reply.error(errors::kDumpChecksum);
  }
  if (protocol::read_dump(call.arguments[3], kValueBytesMax, value) != protocol::PayloadError::none) {
    return call.reply.error(errors::kDumpFormat);
  }
  std::int64_t end = *ttl;
  const bool relative = end != 0 && !options.absolute;
  if (relative && __builtin_add_overflow(end, call.now_ms, &end)) end = std::numeric_limits<std::int64_t>::max();
  if (end != 0 && end <= call.now_ms) {
    call.data.remove(key);
    return call.reply.ok();
  }
  if (store_value(call, key, value, {.expiry_ms = end})) call.reply.ok();
}

void object_command(Call& call) {
  const std::string_view subcommand = call.command.name.substr(sizeof "object");
  if (subcommand == "help") {
    call.reply.array(kHelp.size());
    for (const std::string_view line : kHelp) call.reply.simple_string(line);
    return;
  }
  const Entry entry = call.data.peek(call.arguments[2]);
  if (!entry) return call.reply.null();
  if (subcommand == "encoding") return call.reply.bulk(encoding_of(entry.value()));
  if (subcommand == "refcount") return call.reply.integer(reference_count(entry.value()));
  if (subcommand == "freq") return call.reply.error(errors::kNoFrequencies);
  call.reply.integer(0);  // idletime: when a key was last used is not kept
}

}  // namespace kv
