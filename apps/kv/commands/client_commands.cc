// CLIENT: what a client says of itself, and what it is told. CLIENT LIST and KILL are in client_list_commands.cc.

#include <array>
#include <limits>
#include <memory>
#include <string>

#include "kv/commands/client_description.h"
#include "kv/commands/command.h"
#include "kv/commands/errors.h"
#include "kv/commands/help.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;

// ON or OFF. False: the error is written.
bool read_switch(Call& call, bool& value) {
  const std::string_view argument = call.arguments[2];
  if (equals_ignoring_case(argument, "on")) {
    value = true;
  } else if (equals_ignoring_case(argument, "off")) {
    value = false;
  } else {
    call.reply.error(errors::kSyntax);
    return false;
  }
  return true;
}

class PauseTour final : public Tour {
 public:
  PauseTour(Pause what, std::int64_t until_ms) noexcept : what_(what), until_ms_(until_ms) {}
  void visit(Server& there) override {
    if (what_ == Pause::none) {
      there.unpause();
    } else {
      there.pause(what_, until_ms_);
    }
  }
  void conclude(Client&, protocol::RespWriter& reply) override { reply.ok(); }

 private:
  const Pause what_;
  const std::int64_t until_ms_;
};

}  // namespace

void client_id_command(Call& call) { call.reply.integer(static_cast<std::int64_t>(call.client->id())); }

void client_info_command(Call& call) { call.reply.verbatim("txt", describe(*call.client) + "\n"); }

void client_getname_command(Call& call) {
  if (call.client->name.empty()) return call.reply.null();
  call.reply.bulk(call.client->name);
}

void client_setname_command(Call& call) {
  if (!is_plain_name(call.arguments[2])) {
    return call.reply.error("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  call.client->name = call.arguments[2];
  call.reply.ok();
}

void client_setinfo_command(Call& call) {
  const std::string_view option = call.arguments[2];
  std::string* target = nullptr;
  if (equals_ignoring_case(option, "lib-name")) target = &call.client->library_name;
  if (equals_ignoring_case(option, "lib-ver")) target = &call.client->library_version;
  if (target == nullptr) return call.reply.error("ERR Unrecognized option '" + std::string(option) + "'");
  if (!is_plain_name(call.arguments[3])) {
    return call.reply.error("ERR " + std::string(option) + " cannot contain spaces, newlines or special characters.");
  }
  *target = call.arguments[3];
  call.reply.ok();
}

void client_reply_command(Call& call) {
  const std::string_view mode = call.arguments[2];
  if (equals_ignoring_case(mode, "on")) {
    call.client->reply_mode = ReplyMode::on;
    call.reply.ok();
  } else if (equals_ignoring_case(mode, "off")) {
    call.client->reply_mode = ReplyMode::off;
  } else if (equals_ignoring_case(mode, "skip")) {
    if (call.client->reply_mode != ReplyMode::off) call.client->reply_mode = ReplyMode::skip_next;
  } else {
    call.reply.error(errors::kSyntax);
  }
}

void client_no_evict_command(Call& call) {
  if (read_switch(call, call.client->no_evict)) call.reply.ok();
}

void client_no_touch_command(Call& call) {
  if (read_switch(call, call.client->no_touch)) call.reply.ok();
}

// Invalidation messages are not sent: better no caching client than one with stale values.
void client_tracking_command(Call& call) {
  if (equals_ignoring_case(call.arguments[2], "off")) return call.reply.ok();
  if (!equals_ignoring_case(call.arguments[2], "on")) return call.reply.error(errors::kSyntax);
  call.reply.error("ERR client tracking is not supported by this server");
}

void client_trackinginfo_command(Call& call) {
  call.reply.map(3);
  call.reply.bulk("flags");
  call.reply.set(1);
  call.reply.bulk("off");
  call.reply.bulk("redirect");
  call.reply.integer(-1);
  call.reply.bulk("prefixes");
  call.reply.array(0);
}

void client_caching_command(Call& call) {
  call.reply.error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
}

void client_getredir_command(Call& call) { call.reply.integer(-1); }

void client_unblock_command(Call& call) {
  if (call.arguments.size() > 4) return call.reply.error(errors::kSyntax);
  if (call.arguments.size() == 4 && !equals_ignoring_case(call.arguments[3], "timeout") &&
      !equals_ignoring_case(call.arguments[3], "error")) {
    return call.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  if (!protocol::parse_int64(call.arguments[2])) return call.reply.error(errors::kNotAnInteger);
  // No command waits for another client.
  call.reply.integer(0);
}

void client_pause_command(Call& call) {
  Pause what = Pause::all;
  if (call.arguments.size() == 4) {
    if (equals_ignoring_case(call.arguments[3], "write")) {
      what = Pause::writes;
    } else if (!equals_ignoring_case(call.arguments[3], "all")) {
      return call.reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  const auto timeout_ms = protocol::parse_int64(call.arguments[2]);
  if (!timeout_ms || *timeout_ms > std::numeric_limits<std::int64_t>::max() - call.now_ms) {
    return call.reply.error("ERR timeout is not an integer or out of range");
  }
  if (*timeout_ms < 0) return call.reply.error("ERR timeout is negative");
  call.client->travel(std::make_unique<PauseTour>(what, call.now_ms + *timeout_ms));
}

void client_unpause_command(Call& call) { call.client->travel(std::make_unique<PauseTour>(Pause::none, 0)); }

void client_help_command(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "CACHING (YES|NO)",
      "    Tell whether keys of the next command are tracked.",
      "GETREDIR",
      "    The client that tracking messages go to.",
      "GETNAME",
      "    The name of this connection.",
      "ID",
      "    The number of this connection.",
      "INFO",
      "    What is known of this connection.",
      "KILL <ip:port>",
      "    End the connection from <ip:port>.",
      "KILL <option> <value> [<option> <value> [...]]",
      "    End connections. Options are:",
      "    * ADDR (<ip:port>|<unixsocket>:0)",
      "      From that address.",
      "    * LADDR (<ip:port>|<unixsocket>:0)",
      "      To that local address.",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Of that type.",
      "    * USER <username>",
      "      Authenticated as that user.",
      "    * SKIPME (YES|NO)",
      "      Spare this connection (default: yes).",
      "    * ID <client-id>",
      "      Of that number.",
      "LIST [options ...]",
      "    What is known of all connections. Options are:",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Of that type.",
      "    * ID <client-id> [...]",
      "      Of those numbers.",
      "PAUSE <timeout> [WRITE|ALL]",
      "    Let all, or only writing, commands wait for <timeout> milliseconds.",
      "REPLY (ON|OFF|SKIP)",
      "    Whether this connection gets replies.",
      "SETNAME <name>",
      "    Name this connection.",
      "SETINFO (LIB-NAME|LIB-VER) <value>",
      "    Tell which library this client is made with.",
      "UNBLOCK <clientid> [TIMEOUT|ERROR]",
      "    End the wait of a client.",
      "TRACKING (ON|OFF) [...]",
      "    Not supported: can only be off.",
      "TRACKINGINFO",
      "    Whether keys are tracked for this connection.",
      "UNPAUSE",
      "    End a pause.",
      "NO-EVICT (ON|OFF)",
      "    Protect this connection from being closed for its memory.",
      "NO-TOUCH (ON|OFF)",
      "    Whether commands of this connection count as uses of their keys.",
  });
  reply_help(call, kLines);
}

}  // namespace kv
