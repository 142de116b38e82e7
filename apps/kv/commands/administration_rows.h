// The rows of the command table for the administration of a server. Flags, categories and texts are those of Redis 7.0.
#pragma once

#include <array>

#include "kv/commands/row.h"
#include "kv/commands/server_commands.h"

namespace kv {

inline constexpr auto kAdministrationCommands = std::to_array<Command>({
    row("info", -1, kLoading | kStale, {0, 0, 0}, Scope::server, info_command, "@slow @dangerous", "1.0.0", "server",
        "Get information and statistics about the server"),
    row("time", 1, kLoading | kStale | kFast, {0, 0, 0}, Scope::connection, time_command, "@fast", "2.6.0", "server",
        "Return the current server time"),
    row("lastsave", 1, kLoading | kStale | kFast, {0, 0, 0}, Scope::server, lastsave_command, "@admin @fast @dangerous", "1.0.0",
        "server", "Get the UNIX time stamp of the last successful save to disk"),
    row("save", 1, kNoAsyncLoading | kAdmin | kNoScript | kNoMulti, {0, 0, 0}, Scope::server, save_command,
        "@admin @slow @dangerous", "1.0.0", "server", "Synchronously save the dataset to disk"),
    row("bgsave", -1, kNoAsyncLoading | kAdmin | kNoScript, {0, 0, 0}, Scope::server, bgsave_command, "@admin @slow @dangerous",
        "1.0.0", "server", "Asynchronously save the dataset to disk"),
    row("bgrewriteaof", 1, kAdmin | kNoScript, {0, 0, 0}, Scope::connection, bgrewriteaof_command, "@admin @slow @dangerous",
        "1.0.0", "server", "Asynchronously rewrite the append-only file"),
    row("wait", 3, kNoScript, {0, 0, 0}, Scope::connection, wait_command, "@slow @connection", "3.0.0", "generic",
        "Wait for the synchronous replication of all the write commands sent in the context of the current connection"),
    row("shutdown", -1, kAdmin | kNoMulti | kAllowBusy | kAnytime, {0, 0, 0}, Scope::connection, shutdown_command,
        "@admin @slow @dangerous", "1.0.0", "server", "Synchronously save the dataset to disk and then shut down the server"),
    row("monitor", 1, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, monitor_command, "@admin @slow @dangerous", "1.0.0",
        "server", "Listen for all requests received by the server in real time"),
    row("role", 1, kFast | kAnytime, {0, 0, 0}, Scope::connection, role_command, "@admin @fast @dangerous", "2.8.12", "server",
        "Return the role of the instance in the context of replication"),
    row("debug", -2, kAdmin | kAnytime, {0, 0, 0}, Scope::all_keys, debug_command, "@admin @slow @dangerous", "1.0.0", "server",
        "A container for debugging commands"),
    row("lolwut", -1, kReadOnly | kFast, {0, 0, 0}, Scope::connection, lolwut_command, "@read @fast", "5.0.0", "server",
        "Display some computer art and the Redis version"),
});

// There is nothing to flush: test harnesses and clients that do so between their runs are content.
inline constexpr auto kFunctionSubcommands = std::to_array<Command>({
    row("function|flush", -2, kWrite | kNoScript, {0, 0, 0}, Scope::connection, script_flush_command, "@write @slow @scripting",
        "7.0.0", "scripting", "Deleting all functions"),
});
inline constexpr auto kScriptSubcommands = std::to_array<Command>({
    row("script|flush", -2, kNoScript, {0, 0, 0}, Scope::connection, script_flush_command, "@slow @scripting", "2.6.0", "scripting",
        "Remove all the scripts from the script cache"),
});
inline constexpr auto kFlushOnlyCommands = std::to_array<Command>({
    row("function", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "7.0.0", "scripting",
        "A container for function commands", kFunctionSubcommands),
    row("script", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "2.6.0", "scripting",
        "A container for Lua scripts management commands", kScriptSubcommands),
});

}  // namespace kv
