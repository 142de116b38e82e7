// MULTI, DISCARD, WATCH, UNWATCH. EXEC runs the queue: see RespSession.

#include "corering/base/assert.h"
#include "kv/commands/call.h"
#include "kv/commands/command.h"
#include "kv/commands/connection_commands.h"
#include "kv/session/client.h"
#include "kv/store/database.h"

namespace kv {

bool is_about_transactions(const Command& command) noexcept {
  const Handler handler = command.handler;
  return handler == &multi_command || handler == &exec_command || handler == &discard_command || handler == &watch_command ||
         handler == &quit_command || handler == &reset_command;
}

void multi_command(Call& call) {
  Transaction& transaction = call.client->transaction;
  if (transaction.is_open()) return call.reply.error("ERR MULTI calls can not be nested");
  transaction.begin();
  call.reply.ok();
}

void exec_command(Call&) { CORERING_ASSERT(false, "EXEC is called like a command"); }

void discard_command(Call& call) {
  Transaction& transaction = call.client->transaction;
  if (!transaction.is_open()) return call.reply.error("ERR DISCARD without MULTI");
  transaction.end();
  call.reply.ok();
}

// The keys are here, or borrowed.
void watch_command(Call& call) {
  Transaction& transaction = call.client->transaction;
  if (transaction.is_open()) return call.reply.error("ERR WATCH inside MULTI is not allowed");
  for (const std::string_view key : call.arguments.subspan(1)) {
    const Entry entry = call.data.peek(key);
    transaction.watch(call.data.number(), key, entry ? entry.version() : 0);
  }
  call.reply.ok();
}

void unwatch_command(Call& call) {
  call.client->transaction.unwatch();
  call.reply.ok();
}

}  // namespace kv
