#include <algorithm>
#include <array>
#include <string>

#include "corering/base/tracepoint.h"
#include "kv/commands/access_rows.h"
#include "kv/commands/administration_rows.h"
#include "kv/commands/client_rows.h"
#include "kv/commands/cluster_rows.h"
#include "kv/commands/command.h"
#include "kv/commands/connection_rows.h"
#include "kv/commands/errors.h"
#include "kv/commands/introspection_rows.h"
#include "kv/commands/key_rows.h"
#include "kv/commands/string_rows.h"
#include "kv/commands/unsupported.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/name_index.h"
#include "kv/store/database.h"

namespace kv {

namespace {

template <std::size_t kCount>
constexpr auto names_of(const std::array<Command, kCount>& rows) {
  std::array<std::string_view, kCount> names;
  for (std::size_t index = 0; index < kCount; ++index) names[index] = rows[index].name;
  return names;
}

// All rows, in one piece. The index of names is one per group of rows: a perfect hash of many names is hard to find. The groups that are
// asked for most come first.
template <const auto&... kGroups>
struct Table {
  static constexpr std::size_t kCount = (kGroups.size() + ...);

  static constexpr std::array<Command, kCount> kAll = [] {
    std::array<Command, kCount> all{};
    auto next = all.begin();
    ((next = std::copy(kGroups.begin(), kGroups.end(), next)), ...);
    return all;
  }();

  static const Command* find(std::string_view name) noexcept {
    std::size_t first = 0;
    const Command* found = nullptr;
    const auto look = [&](const auto& index, std::size_t count) {
      if (const std::size_t place = index.find(name); place != index.kNone) found = &kAll[first + place];
      first += count;
      return found != nullptr;
    };
    static_cast<void>((look(kNames<kGroups>, kGroups.size()) || ...));
    return found;
  }

 private:
  template <const auto& kRows>
  static constexpr protocol::NameIndex<kRows.size()> kNames{names_of(kRows)};
};

using Commands = Table<kStringCommands, kKeyCommands, kConnectionCommands, kClientCommands, kAdministrationCommands,
                       kIntrospectionCommands, kAccessCommands, kClusterCommands>;

// What answers although COMMAND does not tell of it.
using Secrets = Table<kFlushOnlyCommands>;

constexpr std::size_t kQuotedBytesMax = 128;

// As C sees it: up to a NUL.
std::string_view quotable(std::string_view text, std::size_t bytes_max = kQuotedBytesMax) noexcept {
  text = text.substr(0, text.find('\0'));
  return text.substr(0, bytes_max);
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& letter : result) letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  return result;
}

void refuse_unknown(std::span<const std::string_view> arguments, protocol::RespWriter& reply) {
  if (const std::string_view feature = missing_feature(arguments[0]); !feature.empty()) {
    std::string text("ERR unsupported command '");
    text.append(arguments[0]).append("': this server keeps strings and has no ").append(feature);
    return reply.error(text);
  }
  std::string quoted;
  for (const std::string_view argument : arguments.subspan(1)) {
    if (quoted.size() >= kQuotedBytesMax) break;
    const std::string_view shown = quotable(argument, kQuotedBytesMax - quoted.size());
    quoted.append("'").append(shown).append("' ");
  }
  std::string text("ERR unknown command '");
  text.append(quotable(arguments[0])).append("', with args beginning with: ").append(quoted);
  reply.error(text);
}

// "object|freq" of `object`.
const Command* find_subcommand(const Command& command, std::string_view name) noexcept {
  for (const Command& subcommand : command.subcommands) {
    if (protocol::equals_ignoring_case(subcommand.name.substr(command.name.size() + 1), name)) return &subcommand;
  }
  return nullptr;
}

// FUNCTION FLUSH and SCRIPT FLUSH only: every other subcommand is as unknown as its command.
const Command* find_secret(std::span<const std::string_view> arguments) noexcept {
  const Command* const command = Secrets::find(arguments[0]);
  return command != nullptr && arguments.size() > 1 && find_subcommand(*command, arguments[1]) != nullptr ? command : nullptr;
}

}  // namespace

const Command* find_command(std::string_view name) noexcept { return Commands::find(name); }

std::span<const Command> all_commands() noexcept { return Commands::kAll; }

const Command* resolve(std::span<const std::string_view> arguments, protocol::RespWriter& reply) {
  const Command* command = find_command(arguments[0]);
  if (command == nullptr) [[unlikely]]
    command = find_secret(arguments);
  if (command == nullptr) {
    refuse_unknown(arguments, reply);
    return nullptr;
  }
  if (!command->subcommands.empty() && arguments.size() > 1) {
    const Command* const subcommand = find_subcommand(*command, arguments[1]);
    if (subcommand == nullptr) {
      std::string text("ERR unknown subcommand '");
      text.append(quotable(arguments[1])).append("'. Try ").append(upper(command->name)).append(" HELP.");
      reply.error(text);
      return nullptr;
    }
    command = subcommand;
  }
  if (!has_right_arity(*command, arguments.size())) [[unlikely]] {
    std::string text("ERR wrong number of arguments for '");
    text.append(command->name).append("' command");
    reply.error(text);
    return nullptr;
  }
  return command;
}

void execute(Call& call) {
  if ((call.command.flags & kDenyOom) != 0) {
    bool full = false;
    for_each_key(call.command, call.arguments, [&](std::string_view key) { full = full || call.data.keyspace_of(key).is_full(); });
    if (full) [[unlikely]]
      return call.reply.error(errors::kOutOfMemory);
  }
  CORERING_TRACE(command_begin, call.command.name.data(), call.client);
  call.command.handler(call);
  CORERING_TRACE(command_end, call.command.name.data(), call.client);
}

}  // namespace kv
