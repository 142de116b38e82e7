// The rows of the command table for COMMAND, CONFIG, SLOWLOG, LATENCY and MEMORY. Flags, categories and texts are those of Redis 7.0.
#pragma once

#include <array>

#include "kv/commands/row.h"
#include "kv/commands/server_commands.h"

namespace kv {

inline constexpr auto kCommandSubcommands = std::to_array<Command>({
    row("command|count", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, command_count_command, "@slow @connection", "2.8.13",
        "server", "Get total number of Redis commands"),
    row("command|docs", -2, kLoading | kStale, {0, 0, 0}, Scope::connection, command_docs_command, "@slow @connection", "7.0.0",
        "server", "Get array of specific Redis command documentation"),
    row("command|getkeys", -4, kLoading | kStale, {0, 0, 0}, Scope::connection, command_getkeys_command, "@slow @connection",
        "2.8.13", "server", "Extract keys given a full Redis command"),
    row("command|getkeysandflags", -4, kLoading | kStale, {0, 0, 0}, Scope::connection, command_getkeysandflags_command,
        "@slow @connection", "7.0.0", "server", "Extract keys and access flags given a full Redis command"),
    row("command|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, command_help_command, "@slow @connection", "5.0.0",
        "server", "Show helpful text about the different subcommands"),
    row("command|info", -2, kLoading | kStale, {0, 0, 0}, Scope::connection, command_info_command, "@slow @connection", "2.8.13",
        "server", "Get array of specific Redis command details, or all when no argument is given"),
    row("command|list", -2, kLoading | kStale, {0, 0, 0}, Scope::connection, command_list_command, "@slow @connection", "7.0.0",
        "server", "Get an array of Redis command names"),
});

inline constexpr auto kConfigSubcommands = std::to_array<Command>({
    row("config|get", -3, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, config_get_command, "@admin @slow @dangerous", "2.0.0",
        "server", "Get the values of configuration parameters"),
    row("config|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, config_help_command, "@slow", "5.0.0", "server",
        "Show helpful text about the different subcommands"),
    row("config|resetstat", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, config_resetstat_command, "@admin @slow @dangerous",
        "2.0.0", "server", "Reset the stats returned by INFO"),
    row("config|rewrite", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, config_rewrite_command, "@admin @slow @dangerous",
        "2.8.0", "server", "Rewrite the configuration file with the in memory configuration"),
    row("config|set", -4, kAdmin | kAnytime, {0, 0, 0}, Scope::server, config_set_command, "@admin @slow @dangerous", "2.0.0",
        "server", "Set configuration parameters to the given values"),
});

inline constexpr auto kSlowlogSubcommands = std::to_array<Command>({
    row("slowlog|get", -2, kAdmin | kLoading | kStale, {0, 0, 0}, Scope::server, slowlog_get_command, "@admin @slow @dangerous",
        "2.2.12", "server", "Get the slow log's entries"),
    row("slowlog|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, slowlog_help_command, "@slow", "6.2.0", "server",
        "Show helpful text about the different subcommands"),
    row("slowlog|len", 2, kAdmin | kLoading | kStale, {0, 0, 0}, Scope::server, slowlog_len_command, "@admin @slow @dangerous",
        "2.2.12", "server", "Get the slow log's length"),
    row("slowlog|reset", 2, kAdmin | kLoading | kStale, {0, 0, 0}, Scope::server, slowlog_reset_command, "@admin @slow @dangerous",
        "2.2.12", "server", "Clear all entries from the slow log"),
});

inline constexpr auto kLatencySubcommands = std::to_array<Command>({
    row("latency|doctor", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, latency_doctor_command, "@admin @slow @dangerous",
        "2.8.13", "server", "Return a human readable latency analysis report"),
    row("latency|graph", 3, kAdmin | kAnytime, {0, 0, 0}, Scope::server, latency_graph_command, "@admin @slow @dangerous", "2.8.13",
        "server", "Return a latency graph for the event"),
    row("latency|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, latency_help_command, "@slow", "2.8.13", "server",
        "Show helpful text about the different subcommands"),
    row("latency|histogram", -2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, latency_histogram_command, "@admin @slow @dangerous",
        "7.0.0", "server", "Return the cumulative distribution of latencies of a subset of commands or all"),
    row("latency|history", 3, kAdmin | kAnytime, {0, 0, 0}, Scope::server, latency_history_command, "@admin @slow @dangerous",
        "2.8.13", "server", "Return timestamp-latency samples for the event"),
    row("latency|latest", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, latency_latest_command, "@admin @slow @dangerous",
        "2.8.13", "server", "Return the latest latency samples for all events"),
    row("latency|reset", -2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, latency_reset_command, "@admin @slow @dangerous",
        "2.8.13", "server", "Reset latency data for one or more events"),
});

inline constexpr auto kMemorySubcommands = std::to_array<Command>({
    row("memory|doctor", 2, 0, {0, 0, 0}, Scope::server, memory_doctor_command, "@slow", "4.0.0", "server",
        "Outputs memory problems report"),
    row("memory|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, memory_help_command, "@slow", "4.0.0", "server",
        "Show helpful text about the different subcommands"),
    row("memory|malloc-stats", 2, 0, {0, 0, 0}, Scope::connection, memory_malloc_stats_command, "@slow", "4.0.0", "server",
        "Show allocator internal stats"),
    row("memory|purge", 2, 0, {0, 0, 0}, Scope::server, memory_purge_command, "@slow", "4.0.0", "server",
        "Ask the allocator to release memory"),
    row("memory|stats", 2, 0, {0, 0, 0}, Scope::server, memory_stats_command, "@slow", "4.0.0", "server",
        "Show memory usage details"),
    row("memory|usage", -3, kReadOnly, {2, 2, 1}, Scope::keys, memory_usage_command, "@read @slow", "4.0.0", "server",
        "Estimate the memory usage of a key"),
});

inline constexpr auto kIntrospectionCommands = std::to_array<Command>({
    row("command", -1, kLoading | kStale, {0, 0, 0}, Scope::connection, command_command, "@slow @connection", "2.8.13", "server",
        "Get array of Redis command details", kCommandSubcommands),
    row("config", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "2.0.0", "server",
        "A container for server configuration commands", kConfigSubcommands),
    row("slowlog", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "2.2.12", "server", "A container for slow log commands",
        kSlowlogSubcommands),
    row("latency", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "2.8.13", "server",
        "A container for latency diagnostics commands", kLatencySubcommands),
    row("memory", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "4.0.0", "server",
        "A container for memory diagnostics commands", kMemorySubcommands),
});

}  // namespace kv
