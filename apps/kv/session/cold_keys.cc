#include "kv/session/cold_keys.h"

#include <array>
#include <numeric>
#include <optional>

#include "kv/commands/command.h"
#include "kv/commands/connection_commands.h"
#include "kv/commands/handlers.h"
#include "kv/commands/scan_places.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

// Nothing: the handler will say what is wrong with it.
std::optional<unsigned> database_of(std::string_view text) noexcept {
  const auto number = protocol::parse_int64(text);
  if (!number || *number < 0 || *number >= kDatabaseCount) return std::nullopt;
  return static_cast<unsigned>(*number);
}

// The database that COPY and MOVE write into.
std::optional<unsigned> target_of(const Command& command, std::span<const std::string_view> arguments) noexcept {
  if (command.handler == &move_command) return database_of(arguments[2]);
  if (command.handler != &copy_command) return std::nullopt;
  for (std::size_t index = 3; index + 1 < arguments.size(); ++index) {
    if (protocol::equals_ignoring_case("db", arguments[index])) return database_of(arguments[index + 1]);
  }
  return std::nullopt;
}

// Of commands that look for keys. A literal pattern of KEYS is a key.
void add_places(Server& there, const Command& command, std::span<const std::string_view> arguments, unsigned database,
                ColdKeys& cold) {
  const bool is_elsewhere = command.scope == Scope::cursor && core_of_cursor(arguments[1], there.core_count()) != there.number();
  if (!is_elsewhere) add_cold_places(command, arguments, there.keyspace(), database, cold);
}

void add_if_cold(Server& there, unsigned database, std::string_view key, ColdKeys& cold) {
  if (there.node().slots.core_of(key) != there.number() || there.keyspace().is_resident(database, key)) return;
  cold.add(database, key);
}

}  // namespace

void add_cold_keys(Server& there, const Command& command, std::span<const std::string_view> arguments, unsigned database,
                   ColdKeys& cold) {
  if (command.scope != Scope::keys) add_places(there, command, arguments, database, cold);
  if (command.handler == &keys_command) add_if_cold(there, database, arguments[1], cold);
  unsigned keys = 0;
  for_each_key(command, arguments, [&](std::string_view key) {
    ++keys;
    add_if_cold(there, database, key, cold);
  });
  if (keys == 1 && (command.flags & kReadOnly) != 0 && command.handler != &watch_command) cold.only_look();
  const auto target = target_of(command, arguments);
  if (target) add_if_cold(there, *target, arguments[command.handler == &move_command ? 1 : 2], cold);
}

void add_cold_keys(Server& there, const Transaction& transaction, unsigned database, ColdKeys& cold) {
  for (const WatchedKey& watched : transaction.watched()) add_if_cold(there, watched.database, watched.key, cold);
  // What each database will be called when it is the command's turn.
  std::array<unsigned, kDatabaseCount> databases;
  std::iota(databases.begin(), databases.end(), 0U);
  for (const QueuedCall& call : transaction.calls()) {
    if (call.command->handler == &select_command) {
      if (const auto selected = database_of(call.arguments[1])) database = *selected;
    } else if (call.command->handler == &swapdb_command) {
      const auto one = database_of(call.arguments[1]);
      const auto other = database_of(call.arguments[2]);
      if (one && other) std::swap(databases[*one], databases[*other]);
    } else {
      if (call.command->scope != Scope::keys) add_places(there, *call.command, call.arguments, databases[database], cold);
      if (call.command->handler == &keys_command) add_if_cold(there, databases[database], call.arguments[1], cold);
      for_each_key(*call.command, call.arguments,
                   [&](std::string_view key) { add_if_cold(there, databases[database], key, cold); });
      const auto target = target_of(*call.command, call.arguments);
      const std::size_t index = call.command->handler == &move_command ? 1 : 2;
      if (target) add_if_cold(there, databases[*target], call.arguments[index], cold);
    }
  }
}

}  // namespace kv
