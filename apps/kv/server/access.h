// Access: who may come in, and what they may do: the users of ACL.
//
// One copy per core, changed on all by a Tour. The user "default" is what clients are before they say who they are, as long as it needs
// no password. Passwords are kept as their SHA-256 only.
//
// Thread: its core's. Lifetime: a User stays as long as Access does, disabled if it was deleted.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct Command;

// "+get", "-@dangerous", "+config|get". The last one that fits a command decides; one for "@all" is always the first.
struct CommandRule {
  bool allows = false;
  std::string what;  // "@all", a category, a command, a subcommand; in lower case
};

struct KeyPattern {
  std::string pattern;
  bool reads = true;
  bool writes = true;
};

struct User {
  std::string name;
  bool is_enabled = true;
  bool is_deleted = false;
  bool needs_password = true;
  bool is_unrestricted = false;        // every command, key and channel: permits() need not be asked
  std::vector<std::string> passwords;  // 64 hexadecimal digits each
  std::vector<CommandRule> commands;   // none: no command
  std::vector<KeyPattern> keys;
  std::vector<std::string> channels;

  // To be called after a change of the last three.
  void update_unrestricted();
};

// A refusal that ACL LOG tells of. Such of one kind, object and user within a minute are one entry.
struct AccessLogEntry {
  std::uint64_t count = 1;
  std::string reason;   // "command", "key", "channel", "auth"
  std::string context;  // "toplevel", "multi"
  std::string object;
  std::string user;
  std::int64_t at_ms = 0;  // since 1970, the last of them
  std::string client;      // as CLIENT LIST describes it
};

class Access {
 public:
  static constexpr std::size_t kLogEntriesMax = 128;

  Access();

  // What a client is that has just connected: the default user, or null if that needs a password.
  const User* newcomer() const noexcept;

  // Null: there is no such user, it is disabled, or the password is wrong.
  const User* authenticate(std::string_view name, std::string_view password) const;

  // requirepass: empty for none.
  void set_default_password(std::string_view password);

  // Null: there is none, or none any more.
  User* find(std::string_view name) noexcept;
  // The user of that name, without any permission if it is new.
  User& require(std::string_view name);
  // Disables it. Requires: it is not the default user.
  void remove(User& user);

  User& default_user() noexcept { return *users_.front(); }
  const std::vector<std::unique_ptr<User>>& users() const noexcept { return users_; }  // deleted ones, too

  void log(AccessLogEntry entry);
  const std::deque<AccessLogEntry>& log_entries() const noexcept { return log_; }  // newest first
  void clear_log() noexcept { log_.clear(); }

 private:
  std::vector<std::unique_ptr<User>> users_;
  std::deque<AccessLogEntry> log_;
};

// What stands in the way of a command.
struct Refusal {
  enum class Reason : std::uint8_t { none, command, key, channel };
  Reason reason = Reason::none;
  std::string_view object = {};  // the command's name, the key or the channel

  explicit operator bool() const noexcept { return reason != Reason::none; }
};

// Asked only for users that are not is_unrestricted. Requires: the arity is right.
Refusal refusal(const User& user, const Command& command, std::span<const std::string_view> arguments);

// "NOPERM this user has no permissions to run the 'get' command". Requires: there is a refusal.
std::string text_of(const Refusal& refusal);

// In hexadecimal digits.
std::string sha256(std::string_view text);

}  // namespace kv
