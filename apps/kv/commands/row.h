// How rows of the command table are written: a name, then what is true of it, in the order in which COMMAND INFO tells it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kv/commands/command.h"

namespace kv {

// Of commands that touch no key: while a data set is loaded, too, and never from a script.
inline constexpr std::uint32_t kAnytime = kNoScript | kLoading | kStale;

constexpr Command row(std::string_view name, std::int16_t arity, std::uint32_t flags, KeyPositions keys, Scope scope,
                      Handler handler, std::string_view categories, std::string_view since, std::string_view group,
                      std::string_view summary, std::span<const Command> subcommands = {}) {
  return {name, arity, flags, keys, scope, handler, categories, since, group, summary, subcommands};
}

}  // namespace kv
