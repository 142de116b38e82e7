#include "kv/server/access.h"

#include <nettle/sha2.h>

#include <algorithm>
#include <array>

#include "kv/commands/key_specs.h"
#include "kv/protocol/glob.h"

namespace kv {

namespace {

constexpr std::int64_t kLogSpanMs = 60'000;

// As long whatever the difference is, so that its place cannot be measured.
bool equals_secret(std::string_view secret, std::string_view guess) noexcept {
  unsigned difference = secret.size() == guess.size() ? 0 : 1;
  for (std::size_t index = 0; index < guess.size(); ++index) {
    const char expected = secret.empty() ? '\0' : secret[index % secret.size()];
    difference |= static_cast<unsigned char>(expected ^ guess[index]);
  }
  return difference == 0;
}

std::unique_ptr<User> make_default_user() {
  auto user = std::make_unique<User>();
  user->name = "default";
  user->needs_password = false;
  user->commands.push_back({true, "@all"});
  user->keys.push_back({"*"});
  user->channels.emplace_back("*");
  user->update_unrestricted();
  return user;
}

bool fits(const CommandRule& rule, const Command& command) noexcept {
  const std::string_view what = rule.what;
  if (what == "@all") return true;
  if (what.starts_with('@')) return has_word(command.categories, what);
  return command.name == what || (command.name.starts_with(what) && command.name.substr(what.size()).starts_with('|'));
}

bool permits_command(const User& user, const Command& command) noexcept {
  const auto decides =
      std::find_if(user.commands.rbegin(), user.commands.rend(), [&](const CommandRule& rule) { return fits(rule, command); });
  return decides != user.commands.rend() && decides->allows;
}

bool permits_key(const User& user, std::string_view key, bool reads, bool writes) noexcept {
  return std::ranges::any_of(user.keys, [&](const KeyPattern& pattern) {
    const bool has_rights = (!reads || pattern.reads) && (!writes || pattern.writes);
    return has_rights && (pattern.pattern == "*" || protocol::matches_glob(pattern.pattern, key));
  });
}

bool permits_channel(const User& user, std::string_view channel, bool is_pattern) noexcept {
  return std::ranges::any_of(user.channels, [&](const std::string& pattern) {
    if (pattern == "*") return true;
    // What a pattern would match nobody knows: it must be one of the user's own.
    return is_pattern ? pattern == channel : protocol::matches_glob(pattern, channel);
  });
}

struct ChannelCommand {
  std::string_view name;
  bool takes_many = false;
  bool takes_patterns = false;
};
constexpr auto kChannelCommands = std::to_array<ChannelCommand>(
    {{"publish"}, {"spublish"}, {"subscribe", true}, {"ssubscribe", true}, {"psubscribe", true, true}});

Refusal channel_refusal(const User& user, const Command& command, std::span<const std::string_view> arguments) {
  const auto found = std::ranges::find(kChannelCommands, command.name, &ChannelCommand::name);
  if (found == kChannelCommands.end()) return {};
  for (const std::string_view channel : arguments.subspan(1, found->takes_many ? arguments.size() - 1 : 1)) {
    if (!permits_channel(user, channel, found->takes_patterns)) return {Refusal::Reason::channel, channel};
  }
  return {};
}

}  // namespace

void User::update_unrestricted() {
  const bool all_commands = commands.size() == 1 && commands.front().allows && commands.front().what == "@all";
  const bool all_keys =
      std::ranges::any_of(keys, [](const KeyPattern& key) { return key.pattern == "*" && key.reads && key.writes; });
  is_unrestricted = all_commands && all_keys && std::ranges::find(channels, "*") != channels.end();
}

Access::Access() { users_.push_back(make_default_user()); }

const User* Access::newcomer() const noexcept {
  const User& user = *users_.front();
  return user.is_enabled && !user.needs_password ? &user : nullptr;
}

const User* Access::authenticate(std::string_view name, std::string_view password) const {
  for (const auto& user : users_) {
    if (user->name != name || !user->is_enabled) continue;
    if (!user->needs_password) return user.get();
    const std::string digest = sha256(password);
    for (const std::string& secret : user->passwords) {
      if (equals_secret(secret, digest)) return user.get();
    }
  }
  return nullptr;
}

void Access::set_default_password(std::string_view password) {
  User& user = default_user();
  user.passwords.clear();
  user.needs_password = !password.empty();
  if (user.needs_password) user.passwords.push_back(sha256(password));
}

User* Access::find(std::string_view name) noexcept {
  const auto found = std::ranges::find_if(users_, [&](const auto& user) { return !user->is_deleted && user->name == name; });
  return found == users_.end() ? nullptr : found->get();
}

User& Access::require(std::string_view name) {
  if (User* const user = find(name)) return *user;
  auto user = std::make_unique<User>();
  user->name = name;
  user->is_enabled = false;
  users_.push_back(std::move(user));
  return *users_.back();
}

// Clients may still refer to it, and a later user of that name is another one.
void Access::remove(User& user) {
  user.is_deleted = true;
  user.is_enabled = false;
}

void Access::log(AccessLogEntry entry) {
  const auto same = std::ranges::find_if(log_, [&](const AccessLogEntry& other) {
    return other.reason == entry.reason && other.context == entry.context && other.object == entry.object &&
           other.user == entry.user && entry.at_ms - other.at_ms <= kLogSpanMs;
  });
  if (same != log_.end()) {
    entry.count += same->count;
    log_.erase(same);
  }
  log_.push_front(std::move(entry));
  if (log_.size() > kLogEntriesMax) log_.pop_back();
}

Refusal refusal(const User& user, const Command& command, std::span<const std::string_view> arguments) {
  if (!permits_command(user, command)) return {Refusal::Reason::command, command.name};
  Refusal refused;
  for_each_spec_key(command, arguments, [&](std::string_view key, const KeySpec& spec) {
    if (refused || has_word(spec.flags, "not_key")) return;
    const std::string_view flags = flags_of_call(command, spec, arguments);
    const bool reads = has_word(flags, "access");
    const bool writes = has_word(flags, "update") || has_word(flags, "insert") || has_word(flags, "delete");
    if (!permits_key(user, key, reads, writes)) refused = {Refusal::Reason::key, key};
  });
  return refused ? refused : channel_refusal(user, command, arguments);
}

std::string text_of(const Refusal& refusal) {
  switch (refusal.reason) {
    case Refusal::Reason::none: break;
    case Refusal::Reason::command:
      return "NOPERM this user has no permissions to run the '" + std::string(refusal.object) + "' command";
    case Refusal::Reason::key: return "NOPERM this user has no permissions to access one of the keys used as arguments";
    case Refusal::Reason::channel: return "NOPERM this user has no permissions to access one of the channels used as arguments";
  }
  return {};
}

std::string sha256(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest;
  sha256_digest(&context, digest.size(), digest.data());
  std::string hexadecimal;
  for (const std::uint8_t byte : digest) {
    hexadecimal += kDigits[byte >> 4];
    hexadecimal += kDigits[byte & 15];
  }
  return hexadecimal;
}

}  // namespace kv
