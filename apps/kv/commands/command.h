// Command: what the server knows of a command besides how to run it: enough to route it, to refuse it, and to describe it to clients.
//
// The one table of them (table.cc) is what COMMAND, ACL, routing, arity checks, transactions and the differential test's generator all
// read; nothing about a command is said twice.
//
// Thread: any; constant.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kv/commands/call.h"

namespace kv {

using Handler = void (*)(Call&);

// Where a command runs.
enum class Scope : std::uint8_t {
  keys,        // on the core that owns its keys; if several cores do, on one that has borrowed the others' keyspaces
  all_keys,    // on a core that has borrowed every keyspace: FLUSHALL, KEYS, DBSIZE, SWAPDB, RANDOMKEY
  cursor,      // on the core that its cursor names: SCAN; see core_of_cursor
  connection,  // on the client's core, without keys: PING, HELLO, CLIENT ID, MULTI
  server,      // on the client's core, but all cores are asked or told: CLIENT LIST, PUBLISH, CONFIG SET, INFO
};

// The flags of COMMAND INFO, in Redis's words.
enum CommandFlag : std::uint32_t {
  kWrite = 1U << 0,
  kReadOnly = 1U << 1,
  kDenyOom = 1U << 2,
  kAdmin = 1U << 3,
  kPubSub = 1U << 4,
  kNoScript = 1U << 5,
  kLoading = 1U << 6,
  kStale = 1U << 7,
  kFast = 1U << 8,
  kNoAuth = 1U << 9,  // may be called before AUTH
  kNoMulti = 1U << 10,
  kSkipMonitor = 1U << 11,
  kSkipSlowlog = 1U << 12,
  kAllowBusy = 1U << 13,
  kMovableKeys = 1U << 14,
  kBlocking = 1U << 15,
  kNoAsyncLoading = 1U << 16,
};

// Which arguments are keys: from `first` to `last` (negative: counted from the end) in steps; first 0: none.
struct KeyPositions {
  std::int8_t first = 0;
  std::int8_t last = 0;
  std::int8_t step = 0;
};

struct Command {
  std::string_view name = {};  // lower case; "client|list" for a subcommand
  std::int16_t arity = 0;      // with the name; negative: at least so many
  std::uint32_t flags = 0;
  KeyPositions keys = {};
  Scope scope = Scope::keys;
  Handler handler = nullptr;
  std::string_view categories = {};  // of ACL: "@read @string @fast"
  std::string_view since = {};       // "1.0.0"
  std::string_view group = {};       // "string"
  std::string_view summary = {};     // for COMMAND DOCS
  std::span<const Command> subcommands = {};
};

// The command of that name in any case, or null. Cost: a few nanoseconds.
const Command* find_command(std::string_view name) noexcept;

std::span<const Command> all_commands() noexcept;

inline bool has_right_arity(const Command& command, std::size_t count) noexcept {
  const auto arguments = static_cast<std::ptrdiff_t>(count);
  return command.arity >= 0 ? arguments == command.arity : arguments >= -command.arity;
}

// The command, or subcommand, that a request calls, if its number of arguments is right. Null: the error is written.
const Command* resolve(std::span<const std::string_view> arguments, protocol::RespWriter& reply);

// Runs it, unless it needs memory and there is none. Requires: call.command is what resolve() said.
void execute(Call& call);

// Of SCAN: the core whose keyspace it visits.
std::size_t core_of_cursor(std::string_view cursor, std::size_t core_count) noexcept;

// Calls visit(key) for every key among the arguments. Requires: the arity is right.
template <typename Visit>
void for_each_key(const Command& command, std::span<const std::string_view> arguments, Visit&& visit) {
  if (command.keys.first == 0) return;
  const auto count = static_cast<std::ptrdiff_t>(arguments.size());
  const std::ptrdiff_t last = command.keys.last < 0 ? count + command.keys.last : command.keys.last;
  for (std::ptrdiff_t index = command.keys.first; index <= last && index < count; index += command.keys.step) {
    visit(arguments[static_cast<std::size_t>(index)]);
  }
}

}  // namespace kv
