// TIME, WAIT, MONITOR, ROLE, DEBUG, LOLWUT, and FLUSH of scripts that are not there.

#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <thread>

#include "kv/commands/command.h"
#include "kv/commands/connection_commands.h"
#include "kv/commands/errors.h"
#include "kv/commands/help.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/glob.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;

void debug_sleep(Call& call) {
  const auto seconds = protocol::parse_double(call.arguments[2]);
  if (!seconds || *seconds < 0 || *seconds > 3600) return call.reply.error(errors::kNotAFloat);
  // It holds all keys, and its core: as in Redis, nobody is served meanwhile.
  std::this_thread::sleep_for(std::chrono::duration<double>(*seconds));
  call.reply.ok();
}

void debug_object(Call& call) {
  constexpr std::size_t kEmbeddedBytesMax = 44;
  const Entry entry = call.data.peek(call.arguments[2]);
  if (!entry) return call.reply.error(errors::kNoSuchKey);
  const std::string_view value = entry.value();
  const std::string_view encoding = protocol::parse_int64(value) ? "int" : value.size() <= kEmbeddedBytesMax ? "embstr" : "raw";
  call.reply.simple_string("Value at:0x0 refcount:1 encoding:" + std::string(encoding) +
                           " serializedlength:" + std::to_string(value.size()) + " lru:0 lru_seconds_idle:0");
}

void debug_help(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "OBJECT <key>",
      "    What a value is stored as.",
      "SET-ACTIVE-EXPIRE <0|1>",
      "    Accepted: expired items are never shown, and always searched for.",
      "SLEEP <seconds>",
      "    Stop for so long, decimals allowed.",
      "STRINGMATCH-LEN <len> <pattern>",
      "    Match a pattern against a text of so many letters.",
  });
  reply_help(call, kLines);
}

// A text of n letters against a pattern: slow in matchers that recur.
void debug_stringmatch(Call& call) {
  constexpr std::int64_t kLettersMax = std::int64_t{1} << 30;
  const auto letters = protocol::parse_int64(call.arguments[2]);
  if (!letters || *letters < 0 || *letters > kLettersMax) return call.reply.error(errors::kNotAnInteger);
  const std::string text(static_cast<std::size_t>(*letters), 'a');
  static_cast<void>(protocol::matches_glob(call.arguments[3], text));
  call.reply.ok();
}

}  // namespace

void time_command(Call& call) {
  const std::int64_t now_us = call.server->now_us();
  call.reply.array(2);
  call.reply.bulk(std::to_string(now_us / 1'000'000));
  call.reply.bulk(std::to_string(now_us % 1'000'000));
}

// There are no replicas, and none will come: there is nothing to wait for.
void wait_command(Call& call) {
  if (!protocol::parse_int64(call.arguments[1])) return call.reply.error(errors::kNotAnInteger);
  const auto timeout_ms = protocol::parse_int64(call.arguments[2]);
  if (!timeout_ms) return call.reply.error("ERR timeout is not an integer or out of range");
  if (*timeout_ms < 0) return call.reply.error("ERR timeout is negative");
  call.reply.integer(0);
}

void monitor_command(Call& call) {
  call.reply.ok();
  if (call.client->is_monitor) return;
  call.client->is_monitor = true;
  call.server->monitors().push_back(call.client);
  call.server->node().monitors.fetch_add(1, std::memory_order_relaxed);
}

void role_command(Call& call) {
  call.reply.array(3);
  call.reply.bulk("master");
  call.reply.integer(0);
  call.reply.array(0);
}

void debug_command(Call& call) {
  const std::string_view what = call.arguments[1];
  const std::size_t count = call.arguments.size();
  if (!call.server->configuration().debug_commands) {
    return call.reply.error("ERR DEBUG command not allowed. The server must be started with --debug_commands to allow it.");
  }
  if (equals_ignoring_case(what, "sleep") && count == 3) return debug_sleep(call);
  if (equals_ignoring_case(what, "object") && count >= 3) return debug_object(call);
  if (equals_ignoring_case(what, "stringmatch-len") && count == 4) return debug_stringmatch(call);
  if (equals_ignoring_case(what, "set-active-expire") && count == 3) return call.reply.ok();
  if (equals_ignoring_case(what, "help") && count == 2) return debug_help(call);
  call.reply.error("ERR unknown subcommand or wrong number of arguments for '" + std::string(what) + "'. Try DEBUG HELP.");
}

void lolwut_command(Call& call) { call.reply.verbatim("txt", "Redis ver. " + std::string(kRedisVersion) + "\n"); }

void script_flush_command(Call& call) {
  const auto options = call.arguments.subspan(2);
  const bool is_sound =
      options.empty() ||
      (options.size() == 1 && (equals_ignoring_case(options[0], "sync") || equals_ignoring_case(options[0], "async")));
  if (!is_sound) {
    return call.reply.error(call.command.name.starts_with("script") ? "ERR SCRIPT FLUSH only support SYNC|ASYNC option"
                                                                    : "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  call.reply.ok();
}

}  // namespace kv
