// The rows of the command table for CLIENT. Flags, categories and texts are those of Redis 7.0.
#pragma once

#include <array>

#include "kv/commands/row.h"
#include "kv/commands/server_commands.h"

namespace kv {

inline constexpr auto kClientSubcommands = std::to_array<Command>({
    row("client|caching", 3, kAnytime, {0, 0, 0}, Scope::connection, client_caching_command, "@slow @connection", "6.0.0",
        "connection", "Instruct the server about tracking or not keys in the next request"),
    row("client|getname", 2, kAnytime, {0, 0, 0}, Scope::connection, client_getname_command, "@slow @connection", "2.6.9",
        "connection", "Get the current connection name"),
    row("client|getredir", 2, kAnytime, {0, 0, 0}, Scope::connection, client_getredir_command, "@slow @connection", "6.0.0",
        "connection", "Get tracking notifications redirection client ID if any"),
    row("client|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, client_help_command, "@slow @connection", "5.0.0",
        "connection", "Show helpful text about the different subcommands"),
    row("client|id", 2, kAnytime, {0, 0, 0}, Scope::connection, client_id_command, "@slow @connection", "5.0.0", "connection",
        "Returns the client ID for the current connection"),
    row("client|info", 2, kAnytime, {0, 0, 0}, Scope::connection, client_info_command, "@slow @connection", "6.2.0", "connection",
        "Returns information about the current client connection"),
    row("client|kill", -3, kAdmin | kAnytime, {0, 0, 0}, Scope::server, client_kill_command, "@admin @slow @dangerous @connection",
        "2.4.0", "connection", "Kill the connection of a client"),
    row("client|list", -2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, client_list_command, "@admin @slow @dangerous @connection",
        "2.4.0", "connection", "Get the list of client connections"),
    row("client|no-evict", 3, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, client_no_evict_command,
        "@admin @slow @dangerous @connection", "7.0.0", "connection", "Set client eviction mode for the current connection"),
    row("client|no-touch", 3, kAnytime, {0, 0, 0}, Scope::connection, client_no_touch_command, "@slow @connection", "7.2.0",
        "connection", "Controls whether commands sent by the client affect the LRU/LFU of accessed keys"),
    row("client|pause", -3, kAdmin | kAnytime, {0, 0, 0}, Scope::server, client_pause_command,
        "@admin @slow @dangerous @connection", "2.9.50", "connection", "Stop processing commands from clients for some time"),
    row("client|reply", 3, kAnytime, {0, 0, 0}, Scope::connection, client_reply_command, "@slow @connection", "3.2.0", "connection",
        "Instruct the server whether to reply to commands"),
    row("client|setinfo", 4, kAnytime, {0, 0, 0}, Scope::connection, client_setinfo_command, "@slow @connection", "7.2.0",
        "connection", "Sets information specific to the client or connection"),
    row("client|setname", 3, kAnytime, {0, 0, 0}, Scope::connection, client_setname_command, "@slow @connection", "2.6.9",
        "connection", "Set the current connection name"),
    row("client|tracking", -3, kAnytime, {0, 0, 0}, Scope::connection, client_tracking_command, "@slow @connection", "6.0.0",
        "connection", "Enable or disable server assisted client side caching support"),
    row("client|trackinginfo", 2, kAnytime, {0, 0, 0}, Scope::connection, client_trackinginfo_command, "@slow @connection", "6.2.0",
        "connection", "Return information about server assisted client side caching for the current connection"),
    row("client|unblock", -3, kAdmin | kAnytime, {0, 0, 0}, Scope::server, client_unblock_command,
        "@admin @slow @dangerous @connection", "5.0.0", "connection",
        "Unblock a client blocked in a blocking command from a different connection"),
    row("client|unpause", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, client_unpause_command,
        "@admin @slow @dangerous @connection", "6.2.0", "connection", "Resume processing of clients that were paused"),
});

inline constexpr auto kClientCommands = std::to_array<Command>({
    row("client", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "2.4.0", "connection",
        "A container for client connection commands", kClientSubcommands),
});

}  // namespace kv
