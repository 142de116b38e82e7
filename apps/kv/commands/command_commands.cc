// COMMAND: the command table as clients read it.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "kv/commands/acl_rules.h"
#include "kv/commands/command.h"
#include "kv/commands/errors.h"
#include "kv/commands/help.h"
#include "kv/commands/key_specs.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/glob.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;
using protocol::RespWriter;

struct FlagName {
  std::uint32_t flag;
  std::string_view name;
};

// In the order in which Redis tells them.
constexpr auto kFlagNames = std::to_array<FlagName>({{kWrite, "write"},
                                                     {kReadOnly, "readonly"},
                                                     {kDenyOom, "denyoom"},
                                                     {kAdmin, "admin"},
                                                     {kPubSub, "pubsub"},
                                                     {kNoScript, "noscript"},
                                                     {kBlocking, "blocking"},
                                                     {kLoading, "loading"},
                                                     {kStale, "stale"},
                                                     {kSkipMonitor, "skip_monitor"},
                                                     {kSkipSlowlog, "skip_slowlog"},
                                                     {kFast, "fast"},
                                                     {kNoAsyncLoading, "no_async_loading"},
                                                     {kNoAuth, "no_auth"},
                                                     {kNoMulti, "no_multi"},
                                                     {kMovableKeys, "movablekeys"},
                                                     {kAllowBusy, "allow_busy"}});

void reply_words(RespWriter& reply, std::string_view words) {
  for_each_word(words, [&](std::string_view word) { reply.simple_string(word); });
}

void reply_flags(RespWriter& reply, std::uint32_t flags) {
  reply.set(static_cast<std::size_t>(
      std::ranges::count_if(kFlagNames, [flags](const FlagName& flag) { return (flags & flag.flag) != 0; })));
  for (const FlagName& flag : kFlagNames) {
    if ((flags & flag.flag) != 0) reply.simple_string(flag.name);
  }
}

void reply_spec(RespWriter& reply, const KeySpec& spec) {
  reply.map(spec.notes.empty() ? 3 : 4);
  if (!spec.notes.empty()) {
    reply.bulk("notes");
    reply.bulk(spec.notes);
  }
  reply.bulk("flags");
  reply.set(word_count(spec.flags));
  reply_words(reply, spec.flags);
  reply.bulk("begin_search");
  reply.map(2);
  reply.bulk("type");
  reply.bulk("index");
  reply.bulk("spec");
  reply.map(1);
  reply.bulk("index");
  reply.integer(spec.first);
  reply.bulk("find_keys");
  reply.map(2);
  reply.bulk("type");
  reply.bulk("range");
  reply.bulk("spec");
  reply.map(3);
  reply.bulk("lastkey");
  reply.integer(spec.last);
  reply.bulk("keystep");
  reply.integer(spec.step);
  reply.bulk("limit");
  reply.integer(0);
}

// Shard channels have slots, as keys have, and clients of clusters look for them here; to routing they are no keys.
KeyPositions told_positions(const Command& command, const CommandSpec& spec) noexcept {
  const KeySpec& channels = spec.keys[0];
  if (command.keys.first != 0 || !has_word(channels.flags, "not_key")) return command.keys;
  return {channels.first, static_cast<std::int8_t>(channels.last < 0 ? channels.last : channels.first + channels.last),
          channels.step};
}

// Subcommands have no subcommands, so this goes one level deep.
void reply_info(RespWriter& reply, const Command& command) {
  const CommandSpec& spec = spec_of(command);
  reply.array(10);
  reply.bulk(command.name);
  reply.integer(command.arity);
  reply_flags(reply, command.flags);
  const KeyPositions keys = told_positions(command, spec);
  reply.integer(keys.first);
  reply.integer(keys.last);
  reply.integer(keys.step);
  reply.set(word_count(command.categories));
  // In Redis's order, whatever the row's is.
  for (const std::string_view category : acl_categories()) {
    const std::string word = std::string("@").append(category);
    if (has_word(command.categories, word)) reply.simple_string(word);
  }
  reply.set(word_count(spec.tips));
  for_each_word(spec.tips, [&](std::string_view tip) { reply.bulk(tip); });
  reply.set(static_cast<std::size_t>(std::ranges::count_if(spec.keys, [](const KeySpec& one) { return one.first != 0; })));
  for (const KeySpec& one : spec.keys) {
    if (one.first != 0) reply_spec(reply, one);
  }
  if (command.subcommands.empty()) return reply.set(0);
  reply.array(command.subcommands.size());
  for (const Command& subcommand : command.subcommands) reply_info(reply, subcommand);
}

void reply_docs(RespWriter& reply, const Command& command) {
  reply.bulk(command.name);
  reply.map(command.subcommands.empty() ? 3 : 4);
  reply.bulk("summary");
  reply.bulk(command.summary);
  reply.bulk("since");
  reply.bulk(command.since);
  reply.bulk("group");
  reply.bulk(command.group);
  if (command.subcommands.empty()) return;
  reply.bulk("subcommands");
  reply.map(command.subcommands.size());
  for (const Command& subcommand : command.subcommands) reply_docs(reply, subcommand);
}

// "get" or "config|get".
const Command* find_by_full_name(std::string_view name) noexcept {
  const std::size_t bar = name.find('|');
  const Command* const command = find_command(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  for (const Command& subcommand : command->subcommands) {
    if (equals_ignoring_case(subcommand.name, name)) return &subcommand;
  }
  return nullptr;
}

// The command whose keys are asked for. Null: the error is written.
const Command* command_with_keys(Call& call) {
  const auto request = call.arguments.subspan(2);
  const Command* command = find_command(request[0]);
  if (command != nullptr && !command->subcommands.empty() && request.size() > 1) {
    const std::string name = std::string(request[0]) + '|' + std::string(request[1]);
    command = find_by_full_name(name);
  }
  if (command == nullptr) {
    call.reply.error("ERR Invalid command specified");
  } else if (spec_of(*command).keys[0].first == 0) {
    call.reply.error("ERR The command has no key arguments");
  } else if (!has_right_arity(*command, request.size())) {
    call.reply.error("ERR Invalid number of arguments specified for command");
  } else {
    return command;
  }
  return nullptr;
}

enum class Filter : std::uint8_t { module, category, pattern };

bool passes(const Command& command, Filter filter, std::string_view value) {
  switch (filter) {
    case Filter::module: return false;
    case Filter::category: return has_word(command.categories, value);
    case Filter::pattern: return protocol::matches_glob(value, command.name, protocol::Case::ignored);
  }
  return false;
}

}  // namespace

void command_command(Call& call) {
  call.reply.array(all_commands().size());
  for (const Command& command : all_commands()) reply_info(call.reply, command);
}

void command_count_command(Call& call) { call.reply.integer(static_cast<std::int64_t>(all_commands().size())); }

void command_info_command(Call& call) {
  const auto names = call.arguments.subspan(2);
  if (names.empty()) return command_command(call);
  call.reply.array(names.size());
  for (const std::string_view name : names) {
    if (const Command* const command = find_by_full_name(name)) {
      reply_info(call.reply, *command);
    } else {
      call.reply.null();
    }
  }
}

void command_docs_command(Call& call) {
  const auto names = call.arguments.subspan(2);
  std::vector<const Command*> found;
  for (const std::string_view name : names) {
    if (const Command* const command = find_by_full_name(name)) found.push_back(command);
  }
  if (names.empty()) {
    for (const Command& command : all_commands()) found.push_back(&command);
  }
  call.reply.map(found.size());
  for (const Command* command : found) reply_docs(call.reply, *command);
}

void command_list_command(Call& call) {
  std::vector<std::string_view> names;
  const auto arguments = call.arguments;
  if (arguments.size() == 2) {
    for (const Command& command : all_commands()) names.push_back(command.name);
  } else {
    if (arguments.size() != 5 || !equals_ignoring_case(arguments[2], "filterby")) return call.reply.error(errors::kSyntax);
    Filter filter = Filter::module;
    std::string value;
    if (equals_ignoring_case(arguments[3], "aclcat")) {
      filter = Filter::category;
      value = '@';
      for (const char letter : arguments[4]) value += protocol::to_lower(letter);
    } else if (equals_ignoring_case(arguments[3], "pattern")) {
      filter = Filter::pattern;
      value = arguments[4];
    } else if (!equals_ignoring_case(arguments[3], "module")) {
      return call.reply.error(errors::kSyntax);
    }
    for (const Command& command : all_commands()) {
      if (passes(command, filter, value)) names.push_back(command.name);
      for (const Command& subcommand : command.subcommands) {
        if (passes(subcommand, filter, value)) names.push_back(subcommand.name);
      }
    }
  }
  call.reply.array(names.size());
  for (const std::string_view name : names) call.reply.bulk(name);
}

void command_getkeys_command(Call& call) {
  const Command* const command = command_with_keys(call);
  if (command == nullptr) return;
  std::vector<std::string_view> keys;
  for_each_spec_key(*command, call.arguments.subspan(2), [&](std::string_view key, const KeySpec&) { keys.push_back(key); });
  call.reply.array(keys.size());
  for (const std::string_view key : keys) call.reply.bulk(key);
}

void command_getkeysandflags_command(Call& call) {
  const Command* const command = command_with_keys(call);
  if (command == nullptr) return;
  std::vector<std::pair<std::string_view, const KeySpec*>> keys;
  for_each_spec_key(*command, call.arguments.subspan(2),
                    [&](std::string_view key, const KeySpec& spec) { keys.emplace_back(key, &spec); });
  call.reply.array(keys.size());
  for (const auto& [key, spec] : keys) {
    call.reply.array(2);
    call.reply.bulk(key);
    const std::string_view flags = flags_of_call(*command, *spec, call.arguments.subspan(2));
    call.reply.set(word_count(flags));
    reply_words(call.reply, flags);
  }
}

void command_help_command(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "(no subcommand)",
      "    Details of all commands.",
      "COUNT",
      "    How many commands there are.",
      "DOCS [<command-name> ...]",
      "    What commands are for: of all, or of those named.",
      "GETKEYS <full-command>",
      "    The keys of a full command.",
      "GETKEYSANDFLAGS <full-command>",
      "    The keys of a full command, and what it does with each.",
      "INFO [<command-name> ...]",
      "    Details of the commands named, or of all.",
      "LIST [FILTERBY (MODULE <module-name>|ACLCAT <cat>|PATTERN <pattern>)]",
      "    The names of all commands, or of those that pass the filter.",
  });
  reply_help(call, kLines);
}

}  // namespace kv
