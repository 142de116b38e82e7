// HELP of commands that have subcommands, as Redis frames it: a title, the lines, and what HELP itself does.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kv/commands/call.h"
#include "kv/commands/command.h"

namespace kv {

inline void reply_help(Call& call, std::span<const std::string_view> lines) {
  std::string title(call.command.name.substr(0, call.command.name.find('|')));
  for (char& letter : title) letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  title.append(" <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  call.reply.array(lines.size() + 3);
  call.reply.simple_string(title);
  for (const std::string_view line : lines) call.reply.simple_string(line);
  call.reply.simple_string("HELP");
  call.reply.simple_string("    Prints this help.");
}

}  // namespace kv
