#include "kv/commands/acl_rules.h"

#include <algorithm>
#include <array>

#include "kv/commands/command.h"
#include "kv/commands/key_specs.h"
#include "kv/protocol/ascii.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;

constexpr std::string_view kSyntax = "Syntax error";
constexpr std::string_view kUnknown = "Unknown command or category name in ACL";
constexpr std::string_view kKeyBehindAll =
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to "
    "start "
    "with an empty list of patterns";
constexpr std::string_view kChannelBehindAll =
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try "
    "'resetchannels' to "
    "start with an empty list of channels";
constexpr std::string_view kHash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";
constexpr std::string_view kNoSuchPassword = "The password you are trying to remove from the user does not exist";

constexpr auto kCategories = std::to_array<std::string_view>(
    {"keyspace", "read",   "write", "set",  "sortedset", "list",     "hash",      "string",     "bitmap",      "hyperloglog", "geo",
     "stream",   "pubsub", "admin", "fast", "slow",      "blocking", "dangerous", "connection", "transaction", "scripting"});

bool is_hash(std::string_view text) noexcept {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char letter) { return protocol::is_digit(letter) || (letter >= 'a' && letter <= 'f'); });
}

// Whether a rule for that category says of the command, and of all its subcommands, what there is to say.
bool covers(std::string_view category, std::string_view what) noexcept {
  const std::size_t bar = what.find('|');
  const Command* const command = find_command(what.substr(0, bar));
  if (command == nullptr) return false;
  const auto is_in = [&](const Command& one) { return has_word(one.categories, category); };
  if (bar == std::string_view::npos) return is_in(*command) && std::ranges::all_of(command->subcommands, is_in);
  const auto found = std::ranges::find(command->subcommands, what, &Command::name);
  return found != command->subcommands.end() && is_in(*found);
}

// What a new rule for `what` makes void.
void forget_voided(User& user, std::string_view what) {
  std::erase_if(user.commands, [&](const CommandRule& rule) {
    return rule.what == what || (rule.what.starts_with(what) && rule.what[what.size()] == '|') ||
           (what.starts_with('@') && covers(what, rule.what));
  });
}

void allow(User& user, std::string what) {
  if (what == "@all") user.commands.clear();
  forget_voided(user, what);
  user.commands.push_back({true, std::move(what)});
}

void forbid(User& user, std::string what) {
  if (what == "@all") return user.commands.clear();
  forget_voided(user, what);
  user.commands.push_back({false, std::move(what)});
}

bool is_known_command(std::string_view name) noexcept {
  const std::size_t bar = name.find('|');
  const Command* const command = find_command(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command != nullptr;
  return std::ranges::any_of(command->subcommands, [name](const Command& subcommand) { return subcommand.name == name; });
}

std::string apply_command(User& user, std::string_view rule) {
  std::string what(rule.substr(1));
  for (char& letter : what) letter = protocol::to_lower(letter);
  const bool is_category = what.starts_with('@');
  const bool is_known =
      is_category ? what == "@all" || std::ranges::find(kCategories, what.substr(1)) != kCategories.end() : is_known_command(what);
  if (!is_known) return std::string(kUnknown);
  if (rule[0] == '+') {
    allow(user, std::move(what));
  } else {
    forbid(user, std::move(what));
  }
  return {};
}

// "~a*", "%R~a*", "%RW~a*".
std::string apply_key(User& user, std::string_view rule) {
  KeyPattern key;
  if (rule[0] == '%') {
    const std::size_t tilde = rule.find('~');
    if (tilde == std::string_view::npos || tilde == 1) return std::string(kSyntax);
    key.reads = key.writes = false;
    for (const char letter : rule.substr(1, tilde - 1)) {
      if (protocol::to_lower(letter) == 'r') {
        key.reads = true;
      } else if (protocol::to_lower(letter) == 'w') {
        key.writes = true;
      } else {
        return std::string(kSyntax);
      }
    }
    rule.remove_prefix(tilde);
  }
  key.pattern = rule.substr(1);
  const bool has_all =
      std::ranges::any_of(user.keys, [](const KeyPattern& other) { return other.pattern == "*" && other.reads && other.writes; });
  if (key.pattern.find_first_of(std::string_view(" \0", 2)) != std::string::npos) return std::string(kSyntax);
  if (key.pattern == "*" && key.reads && key.writes) {
    user.keys.assign(1, {"*"});
    return {};
  }
  if (has_all) return std::string(kKeyBehindAll);
  // Rights on one pattern add up.
  const auto same = std::ranges::find(user.keys, key.pattern, &KeyPattern::pattern);
  if (same != user.keys.end()) {
    same->reads = same->reads || key.reads;
    same->writes = same->writes || key.writes;
  } else {
    user.keys.push_back(std::move(key));
  }
  return {};
}

std::string apply_channel(User& user, std::string_view rule) {
  const std::string_view pattern = rule.substr(1);
  if (pattern.find_first_of(std::string_view(" \0", 2)) != std::string_view::npos) return std::string(kSyntax);
  if (pattern == "*") {
    user.channels.assign(1, "*");
    return {};
  }
  if (std::ranges::find(user.channels, "*") != user.channels.end()) return std::string(kChannelBehindAll);
  if (std::ranges::find(user.channels, pattern) == user.channels.end()) user.channels.emplace_back(pattern);
  return {};
}

std::string add_password(User& user, std::string digest) {
  if (std::ranges::find(user.passwords, digest) == user.passwords.end()) user.passwords.push_back(std::move(digest));
  user.needs_password = true;
  return {};
}

std::string remove_password(User& user, const std::string& digest) {
  return std::erase(user.passwords, digest) != 0 ? std::string() : std::string(kNoSuchPassword);
}

std::string apply_password(User& user, std::string_view rule) {
  const std::string_view text = rule.substr(1);
  switch (rule[0]) {
    case '>': return add_password(user, sha256(text));
    case '<': return remove_password(user, sha256(text));
    case '#': return is_hash(text) ? add_password(user, std::string(text)) : std::string(kHash);
    default: return is_hash(text) ? remove_password(user, std::string(text)) : std::string(kHash);
  }
}

// Words. False: it is none.
bool apply_word(User& user, std::string_view rule) {
  const auto is = [rule](std::string_view word) { return equals_ignoring_case(rule, word); };
  if (is("on") || is("off")) {
    user.is_enabled = is("on");
  } else if (is("nopass")) {
    user.needs_password = false;
    user.passwords.clear();
  } else if (is("resetpass")) {
    user.needs_password = true;
    user.passwords.clear();
  } else if (is("allkeys")) {
    user.keys.assign(1, {"*"});
  } else if (is("resetkeys")) {
    user.keys.clear();
  } else if (is("allchannels")) {
    user.channels.assign(1, "*");
  } else if (is("resetchannels")) {
    user.channels.clear();
  } else if (is("allcommands")) {
    allow(user, "@all");
  } else if (is("nocommands")) {
    forbid(user, "@all");
  } else if (is("reset")) {
    user.is_enabled = false;
    user.needs_password = true;
    user.passwords.clear();
    user.keys.clear();
    user.channels.clear();
    user.commands.clear();
  } else {
    // Every payload is checked; there are no selectors to clear.
    return is("sanitize-payload") || is("skip-sanitize-payload") || is("clearselectors");
  }
  return true;
}

}  // namespace

std::span<const std::string_view> acl_categories() noexcept { return kCategories; }

std::string apply_rule(User& user, std::string_view rule) {
  std::string error;
  if (rule.empty()) return std::string(kSyntax);
  if (apply_word(user, rule)) {
  } else if (rule[0] == '+' || rule[0] == '-') {
    error = apply_command(user, rule);
  } else if (rule[0] == '~' || rule[0] == '%') {
    error = apply_key(user, rule);
  } else if (rule[0] == '&') {
    error = apply_channel(user, rule);
  } else if (rule[0] == '>' || rule[0] == '<' || rule[0] == '#' || rule[0] == '!') {
    error = apply_password(user, rule);
  } else if (rule[0] == '(') {
    error = "Selectors are not supported by this server";
  } else {
    error = kSyntax;
  }
  user.update_unrestricted();
  return error;
}

std::string describe_commands(const User& user) {
  const bool begins_with_all = !user.commands.empty() && user.commands.front().what == "@all";
  std::string text(begins_with_all ? "" : "-@all");
  for (const CommandRule& rule : user.commands) {
    if (!text.empty()) text += ' ';
    text.append(rule.allows ? "+" : "-").append(rule.what);
  }
  return text;
}

std::string describe_keys(const User& user) {
  std::string text;
  for (const KeyPattern& key : user.keys) {
    if (!text.empty()) text += ' ';
    text.append(key.reads && key.writes ? "~" : key.reads ? "%R~" : "%W~").append(key.pattern);
  }
  return text;
}

std::string describe_channels(const User& user) {
  std::string text;
  for (const std::string& channel : user.channels) {
    if (!text.empty()) text += ' ';
    text.append("&").append(channel);
  }
  return text;
}

std::string describe(const User& user) {
  std::string text = "user " + user.name + (user.is_enabled ? " on" : " off");
  if (!user.needs_password) text += " nopass";
  for (const std::string& password : user.passwords) text.append(" #").append(password);
  if (!user.keys.empty()) text.append(" ").append(describe_keys(user));
  const bool has_all_channels = user.channels.size() == 1 && user.channels.front() == "*";
  if (!has_all_channels) text += " resetchannels";
  if (!user.channels.empty()) text.append(" ").append(describe_channels(user));
  return text.append(" ").append(describe_commands(user));
}

}  // namespace kv
