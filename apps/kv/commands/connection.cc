// PING, ECHO, QUIT, RESET, SELECT, AUTH, HELLO.

#include <optional>

#include "kv/commands/access_log.h"
#include "kv/commands/call.h"
#include "kv/commands/connection_commands.h"
#include "kv/commands/errors.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::RespVersion;

constexpr std::string_view kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

bool authenticate(Call& call, std::string_view name, std::string_view password) {
  const User* const user = call.server->access().authenticate(name, password);
  if (user == nullptr) {
    log_failed_login(*call.client, name);
    return false;
  }
  call.client->user = user;
  call.client->on_authenticated();
  return true;
}

// No line break and no blank, as CLIENT LIST shows it among others.
bool is_client_name(std::string_view name) noexcept {
  for (const char letter : name) {
    if (letter < '!' || letter > '~') return false;
  }
  return true;
}

struct HelloOptions {
  std::optional<std::string_view> user;
  std::string_view password;
  std::optional<std::string_view> name;
};

// False: the error is written.
bool parse_options(Call& call, HelloOptions& options) {
  for (std::size_t index = 2; index < call.arguments.size();) {
    const std::string_view option = call.arguments[index];
    const std::size_t left = call.arguments.size() - index - 1;
    if (protocol::equals_ignoring_case("auth", option) && left >= 2) {
      options.user = call.arguments[index + 1];
      options.password = call.arguments[index + 2];
      index += 3;
    } else if (protocol::equals_ignoring_case("setname", option) && left >= 1) {
      options.name = call.arguments[index + 1];
      index += 2;
    } else {
      call.reply.error("ERR Syntax error in HELLO option '" + std::string(option) + "'");
      return false;
    }
  }
  return true;
}

void describe_server(Call& call) {
  protocol::RespWriter& reply = call.reply;
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kRedisVersion);
  reply.bulk("proto");
  reply.integer(static_cast<std::int64_t>(call.client->version));
  reply.bulk("id");
  reply.integer(static_cast<std::int64_t>(call.client->id()));
  reply.bulk("mode");
  reply.bulk(call.server->configuration().cluster_mode ? "cluster" : "standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

}  // namespace

void ping_command(Call& call) {
  if (call.arguments.size() > 2) return call.reply.error("ERR wrong number of arguments for 'ping' command");
  const bool has_message = call.arguments.size() == 2;
  if (!call.client->subscriptions.empty() && call.client->version == RespVersion::resp2) {
    call.reply.array(2);
    call.reply.bulk("pong");
    call.reply.bulk(has_message ? call.arguments[1] : "");
  } else if (has_message) {
    call.reply.bulk(call.arguments[1]);
  } else {
    call.reply.literal("+PONG\r\n");
  }
}

void echo_command(Call& call) { call.reply.bulk(call.arguments[1]); }

void quit_command(Call& call) {
  call.reply.ok();
  call.client->close_after_reply();
}

void reset_command(Call& call) {
  call.client->reset();
  call.reply.set_version(call.client->version);
  call.reply.simple_string("RESET");
}

void select_command(Call& call) {
  const std::optional<std::int64_t> number = protocol::parse_int64(call.arguments[1]);
  if (!number) return call.reply.error(errors::kNotAnInteger);
  if (*number < 0 || *number >= call.server->configuration().databases) return call.reply.error(errors::kDatabaseRange);
  call.client->database = static_cast<unsigned>(*number);
  call.reply.ok();
}

void auth_command(Call& call) {
  if (call.arguments.size() > 3) return call.reply.error(errors::kSyntax);
  const bool names_user = call.arguments.size() == 3;
  if (!names_user && !call.server->access().default_user().needs_password) {
    return call.reply.error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is "
        "correct?");
  }
  const std::string_view name = names_user ? call.arguments[1] : "default";
  if (!authenticate(call, name, call.arguments[names_user ? 2 : 1])) return call.reply.error(kWrongPassword);
  call.reply.ok();
}

void hello_command(Call& call) {
  RespVersion version = call.client->version;
  if (call.arguments.size() > 1) {
    const std::optional<std::int64_t> wanted = protocol::parse_int64(call.arguments[1]);
    if (!wanted) return call.reply.error("ERR Protocol version is not an integer or out of range");
    if (*wanted < 2 || *wanted > 3) return call.reply.error("NOPROTO unsupported protocol version");
    version = static_cast<RespVersion>(*wanted);
  }
  HelloOptions options;
  if (!parse_options(call, options)) return;
  if (options.user && !authenticate(call, *options.user, options.password)) return call.reply.error(kWrongPassword);
  if (call.client->is_stranger()) {
    return call.reply.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option "
        "can be used to authenticate the client and select the RESP protocol version at the same time");
  }
  if (options.name && !is_client_name(*options.name)) {
    return call.reply.error("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  if (options.name) call.client->name = *options.name;
  call.client->version = version;
  call.reply.set_version(version);
  describe_server(call);
}

}  // namespace kv
