// What a session asks of a command besides what the table says.
#pragma once

#include <cstddef>

#include "kv/commands/command.h"
#include "kv/commands/connection_commands.h"
#include "kv/commands/handlers.h"

namespace kv {

// Whether its duration is measured, for SLOWLOG: not where it is known to be short, as looking at the clock takes longer.
inline bool is_timed(const Command& command) noexcept {
  return (command.flags & kFast) == 0 && command.handler != &set_command && command.handler != &setex_command &&
         command.handler != &psetex_command;
}

// Whether it runs where keys are.
inline bool needs_keys(const Command& command) noexcept {
  return command.scope == Scope::keys || command.scope == Scope::all_keys || command.scope == Scope::cursor;
}

// One key, of the selected database, and done soon.
inline bool is_quick(const Command& command) noexcept {
  return command.scope == Scope::keys && command.keys.first == 1 && command.keys.last == 1 && command.subcommands.empty() &&
         !is_timed(command) && command.handler != &watch_command && command.handler != &move_command;
}

}  // namespace kv
