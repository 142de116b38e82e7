// Call: one execution of one command: its arguments in, its effect on the keys, its reply out.
//
// A handler is a function of a Call. It runs from start to end on one core, never waits, and does no I/O: whatever must be waited for
// (a cold item, keys of other cores, a paused client) was waited for before. So handlers are plain code that tests call directly.
//
//   void strlen_command(Call& call) {
//     const Entry entry = call.data.find(call.arguments[1]);
//     call.reply.integer(entry ? entry.value().size() : 0);
//   }
//
// Thread: the core that executes; for that long it owns the keyspaces of the command's keys (Scope::all_keys: all). Lifetime:
// arguments live until the handler returns.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kv/protocol/resp_writer.h"
#include "kv/store/database.h"

namespace kv {

class Client;  // session/client.h: what a connection has chosen: database, protocol, name, user, transaction
class Server;  // server/server.h: what all connections of a core have in common: configuration, slow log, statistics, other cores

struct Command;

struct Call {
  std::span<const std::string_view> arguments;  // the command's name first
  Database& data;
  protocol::RespWriter& reply;
  std::int64_t now_ms;  // since 1970, of this turn
  const Command& command;
  const Keyspace::Ahead* ahead = nullptr;          // of the first key
  corering::cache::Reservation* landed = nullptr;  // holds the value among the arguments that was received where it is to stay
  Client* client = nullptr;                        // null where there is none: the handlers of data commands look at neither
  Server* server = nullptr;
};

}  // namespace kv
