// Which keys of a command, or of a transaction, lie in the file: what has to be brought up before a handler runs.
//
// The keys that the command's table row names, and what a row cannot say: COPY and MOVE write into another database, SELECT and SWAPDB
// within a transaction change which database the later commands mean, and EXEC compares the keys that are watched.
//
// Thread: the core whose keyspace is asked.
#pragma once

#include <span>
#include <string_view>

#include "kv/server/gathering.h"
#include "kv/session/transaction.h"

namespace kv {

struct Command;
class Server;

// Those that live on `there`. Requires: its keyspace is at home, and the arity is right.
void add_cold_keys(Server& there, const Command& command, std::span<const std::string_view> arguments, unsigned database,
                   ColdKeys& cold);

void add_cold_keys(Server& there, const Transaction& transaction, unsigned database, ColdKeys& cold);

}  // namespace kv
