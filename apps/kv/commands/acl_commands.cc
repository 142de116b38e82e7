// ACL.

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "kv/commands/acl_rules.h"
#include "kv/commands/command.h"
#include "kv/commands/errors.h"
#include "kv/commands/help.h"
#include "kv/commands/key_specs.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::RespWriter;

constexpr std::string_view kNoFile =
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and "
    "then "
    "issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.";

// The rules were tried at home, so here nothing is refused.
class SetTour final : public Tour {
 public:
  SetTour(std::string_view name, std::span<const std::string_view> rules) : name_(name), rules_(rules.begin(), rules.end()) {}

  void visit(Server& there) override {
    User& user = there.access().require(name_);
    for (const std::string& rule : rules_) apply_rule(user, rule);
  }
  void conclude(Client&, RespWriter& reply) override { reply.ok(); }

 private:
  const std::string name_;
  const std::vector<std::string> rules_;
};

// Clients that were those users are shown out.
class DeleteTour final : public Tour {
 public:
  DeleteTour(std::span<const std::string_view> names, std::uint64_t caller) : names_(names.begin(), names.end()), caller_(caller) {}

  void visit(Server& there) override {
    std::size_t deleted = 0;
    for (const std::string& name : names_) {
      User* const user = there.access().find(name);
      if (user == nullptr) continue;
      there.access().remove(*user);
      ++deleted;
      show_out(there, *user);
    }
    deleted_ = deleted;
  }

  void conclude(Client& client, RespWriter& reply) override {
    reply.integer(static_cast<std::int64_t>(deleted_));
    if (caller_is_gone_) client.close_after_reply();
  }

 private:
  void show_out(Server& there, const User& user) {
    std::vector<Client*> clients;
    for (Client& client : there.clients()) {
      if (client.user == &user) clients.push_back(&client);
    }
    for (Client* client : clients) {
      if (client->id() == caller_) {
        caller_is_gone_ = true;
      } else {
        client->kill();
      }
    }
  }

  const std::vector<std::string> names_;
  const std::uint64_t caller_;
  std::size_t deleted_ = 0;
  bool caller_is_gone_ = false;
};

class LogTour final : public Tour {
 public:
  LogTour(std::size_t count_max, std::int64_t now_ms) noexcept : count_max_(count_max), now_ms_(now_ms) {}

  void visit(Server& there) override {
    const auto& entries = there.access().log_entries();
    entries_.insert(entries_.end(), entries.begin(), entries.end());
  }

  void conclude(Client&, RespWriter& reply) override {
    std::ranges::stable_sort(entries_, std::ranges::greater(), &AccessLogEntry::at_ms);
    entries_.resize(std::min(entries_.size(), count_max_));
    reply.array(entries_.size());
    for (const AccessLogEntry& entry : entries_) {
      reply.map(7);
      reply.bulk("count");
      reply.integer(static_cast<std::int64_t>(entry.count));
      reply.bulk("reason");
      reply.bulk(entry.reason);
      reply.bulk("context");
      reply.bulk(entry.context);
      reply.bulk("object");
      reply.bulk(entry.object);
      reply.bulk("username");
      reply.bulk(entry.user);
      reply.bulk("age-seconds");
      reply.real(static_cast<double>(std::max<std::int64_t>(now_ms_ - entry.at_ms, 0)) / 1000);
      reply.bulk("client-info");
      reply.bulk(entry.client);
    }
  }

 private:
  const std::size_t count_max_;
  const std::int64_t now_ms_;
  std::vector<AccessLogEntry> entries_;
};

class ClearLogTour final : public Tour {
 public:
  void visit(Server& there) override { there.access().clear_log(); }
  void conclude(Client&, RespWriter& reply) override { reply.ok(); }
};

std::vector<const User*> users_of(Server& server) {
  std::vector<const User*> users;
  for (const auto& user : server.access().users()) {
    if (!user->is_deleted) users.push_back(user.get());
  }
  std::ranges::sort(users, {}, &User::name);
  return users;
}

}  // namespace

void acl_whoami_command(Call& call) {
  if (call.client->user == nullptr) return call.reply.null();
  call.reply.bulk(call.client->user->name);
}

void acl_users_command(Call& call) {
  const auto users = users_of(*call.server);
  call.reply.array(users.size());
  for (const User* user : users) call.reply.bulk(user->name);
}

void acl_list_command(Call& call) {
  const auto users = users_of(*call.server);
  call.reply.array(users.size());
  for (const User* user : users) call.reply.bulk(describe(*user));
}

void acl_getuser_command(Call& call) {
  const User* const user = call.server->access().find(call.arguments[2]);
  if (user == nullptr) return call.reply.null();
  RespWriter& reply = call.reply;
  reply.map(6);
  reply.bulk("flags");
  reply.set(user->needs_password ? 1 : 2);
  reply.bulk(user->is_enabled ? "on" : "off");
  if (!user->needs_password) reply.bulk("nopass");
  reply.bulk("passwords");
  reply.array(user->passwords.size());
  for (const std::string& password : user->passwords) reply.bulk(password);
  reply.bulk("commands");
  reply.bulk(describe_commands(*user));
  reply.bulk("keys");
  reply.bulk(describe_keys(*user));
  reply.bulk("channels");
  reply.bulk(describe_channels(*user));
  reply.bulk("selectors");
  reply.array(0);
}

void acl_setuser_command(Call& call) {
  const std::string_view name = call.arguments[2];
  if (name.find_first_of(std::string_view(" \0", 2)) != std::string_view::npos) {
    return call.reply.error("ERR Usernames can't contain spaces or null characters");
  }
  const auto rules = call.arguments.subspan(3);
  const User* const known = call.server->access().find(name);
  User tried;
  if (known != nullptr) tried = *known;
  for (const std::string_view rule : rules) {
    if (const std::string reason = apply_rule(tried, rule); !reason.empty()) {
      return call.reply.error("ERR Error in ACL SETUSER modifier '" + std::string(rule) + "': " + reason);
    }
  }
  call.client->travel(std::make_unique<SetTour>(name, rules));
}

void acl_deluser_command(Call& call) {
  const auto names = call.arguments.subspan(2);
  if (std::ranges::find(names, "default") != names.end()) return call.reply.error("ERR The 'default' user cannot be removed");
  call.client->travel(std::make_unique<DeleteTour>(names, call.client->id()));
}

void acl_cat_command(Call& call) {
  if (call.arguments.size() == 2) {
    call.reply.array(acl_categories().size());
    for (const std::string_view category : acl_categories()) call.reply.bulk(category);
    return;
  }
  if (call.arguments.size() > 3) {
    return call.reply.error("ERR unknown subcommand or wrong number of arguments for '" + std::string(call.arguments[1]) +
                            "'. Try ACL HELP.");
  }
  std::string category("@");
  for (const char letter : call.arguments[2]) category += protocol::to_lower(letter);
  if (std::ranges::find(acl_categories(), std::string_view(category).substr(1)) == acl_categories().end()) {
    return call.reply.error("ERR Unknown category '" + std::string(call.arguments[2]) + "'");
  }
  std::vector<std::string_view> names;
  for (const Command& command : all_commands()) {
    if (has_word(command.categories, category)) names.push_back(command.name);
    for (const Command& subcommand : command.subcommands) {
      if (has_word(subcommand.categories, category)) names.push_back(subcommand.name);
    }
  }
  call.reply.array(names.size());
  for (const std::string_view name : names) call.reply.bulk(name);
}

void acl_genpass_command(Call& call) {
  constexpr std::int64_t kBitsMax = 4096;
  std::int64_t bits = 256;
  if (call.arguments.size() > 3) {
    return call.reply.error("ERR unknown subcommand or wrong number of arguments for '" + std::string(call.arguments[1]) +
                            "'. Try ACL HELP.");
  }
  if (call.arguments.size() == 3) {
    const auto read = protocol::parse_int64(call.arguments[2]);
    if (!read) return call.reply.error(errors::kNotAnInteger);
    if (*read <= 0 || *read > kBitsMax) {
      return call.reply.error(
          "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096");
    }
    bits = *read;
  }
  std::array<unsigned char, kBitsMax / 8> random;
  const auto digits = static_cast<std::size_t>((bits + 3) / 4);
  const std::size_t bytes = (digits + 1) / 2;
  // A password that is partly known would be worse than none. Up to 256 bytes are never cut short; beyond that a signal may do so.
  for (std::size_t drawn = 0; drawn < bytes;) {
    const ssize_t more = getrandom(random.data() + drawn, std::min<std::size_t>(bytes - drawn, 256), 0);
    if (more < 0) return call.reply.error("ERR the kernel gives no random bytes");
    drawn += static_cast<std::size_t>(more);
  }
  std::string password;
  for (std::size_t digit = 0; digit < digits; ++digit) {
    password += "0123456789abcdef"[(digit % 2 == 0 ? random[digit / 2] >> 4 : random[digit / 2]) & 15];
  }
  call.reply.bulk(password);
}

void acl_dryrun_command(Call& call) {
  const auto request = call.arguments.subspan(3);
  const User* const user = call.server->access().find(call.arguments[2]);
  if (user == nullptr) return call.reply.error("ERR User '" + std::string(call.arguments[2]) + "' not found");
  const Command* command = find_command(request[0]);
  if (command == nullptr) return call.reply.error("ERR Command '" + std::string(request[0]) + "' not found");
  if (!command->subcommands.empty() && request.size() > 1) {
    command = resolve(request, call.reply);
    if (command == nullptr) return;
  }
  if (!has_right_arity(*command, request.size())) {
    return call.reply.error("ERR wrong number of arguments for '" + std::string(command->name) + "' command");
  }
  const Refusal refused = user->is_unrestricted || (command->flags & kNoAuth) != 0 ? Refusal() : refusal(*user, *command, request);
  if (!refused) return call.reply.ok();
  const std::string object(refused.object);
  switch (refused.reason) {
    case Refusal::Reason::none: break;
    case Refusal::Reason::command: return call.reply.bulk("This user has no permissions to run the '" + object + "' command");
    case Refusal::Reason::key: return call.reply.bulk("This user has no permissions to access the '" + object + "' key");
    case Refusal::Reason::channel: return call.reply.bulk("This user has no permissions to access the '" + object + "' channel");
  }
}

void acl_log_command(Call& call) {
  constexpr std::int64_t kCountByDefault = 10;
  if (call.arguments.size() > 3) {
    return call.reply.error("ERR unknown subcommand or wrong number of arguments for '" + std::string(call.arguments[1]) +
                            "'. Try ACL HELP.");
  }
  std::int64_t count = kCountByDefault;
  if (call.arguments.size() == 3) {
    if (protocol::equals_ignoring_case(call.arguments[2], "reset")) return call.client->travel(std::make_unique<ClearLogTour>());
    const auto read = protocol::parse_int64(call.arguments[2]);
    if (!read) return call.reply.error(errors::kNotAnInteger);
    count = std::max<std::int64_t>(*read, 0);
  }
  call.client->travel(std::make_unique<LogTour>(static_cast<std::size_t>(count), call.now_ms));
}

void acl_load_command(Call& call) { call.reply.error(kNoFile); }

void acl_save_command(Call& call) { call.reply.error(kNoFile); }

void acl_help_command(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "CAT [<category>]",
      "    The categories, or the commands of one.",
      "DELUSER <username> [<username> ...]",
      "    Delete users, and end their connections.",
      "DRYRUN <username> <command> [<arg> ...]",
      "    Whether that user might run that command.",
      "GETUSER <username>",
      "    What a user may do.",
      "GENPASS [<bits>]",
      "    A random password (default: 256 bits).",
      "LIST",
      "    All users, as rules.",
      "LOAD",
      "    Not supported: there is no ACL file.",
      "LOG [<count> | RESET]",
      "    What was refused lately.",
      "SAVE",
      "    Not supported: there is no ACL file.",
      "SETUSER <username> <rule> [<rule> ...]",
      "    Make or change a user.",
      "USERS",
      "    The names of all users.",
      "WHOAMI",
      "    Which user this connection is.",
  });
  reply_help(call, kLines);
}

}  // namespace kv
