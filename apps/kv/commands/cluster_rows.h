// The rows of the command table for CLUSTER and what cluster clients say. Flags, categories and texts are those of Redis 7.0.
#pragma once

#include <array>

#include "kv/commands/row.h"
#include "kv/commands/server_commands.h"

namespace kv {

inline constexpr auto kClusterSubcommands = std::to_array<Command>({
    row("cluster|countkeysinslot", 3, kStale, {0, 0, 0}, Scope::all_keys, cluster_countkeysinslot_command, "@slow", "3.0.0",
        "cluster", "Return the number of local keys in the specified hash slot"),
    row("cluster|getkeysinslot", 4, kStale, {0, 0, 0}, Scope::all_keys, cluster_getkeysinslot_command, "@slow", "3.0.0", "cluster",
        "Return local key names in the specified hash slot"),
    row("cluster|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, cluster_help_command, "@slow", "5.0.0", "cluster",
        "Show helpful text about the different subcommands"),
    row("cluster|info", 2, kStale, {0, 0, 0}, Scope::server, cluster_info_command, "@slow", "3.0.0", "cluster",
        "Provides info about Redis Cluster node state"),
    row("cluster|keyslot", 3, kStale, {0, 0, 0}, Scope::connection, cluster_keyslot_command, "@slow", "3.0.0", "cluster",
        "Returns the hash slot of the specified key"),
    row("cluster|myid", 2, kStale, {0, 0, 0}, Scope::connection, cluster_myid_command, "@slow", "3.0.0", "cluster",
        "Return the node id"),
    row("cluster|myshardid", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, cluster_myshardid_command, "@slow", "7.2.0",
        "cluster", "Returns the shard ID of a node"),
    row("cluster|nodes", 2, kStale, {0, 0, 0}, Scope::connection, cluster_nodes_command, "@slow", "3.0.0", "cluster",
        "Get Cluster config for the node"),
    row("cluster|shards", 2, kStale, {0, 0, 0}, Scope::connection, cluster_shards_command, "@slow", "7.0.0", "cluster",
        "Get array of cluster slots to node mappings"),
    row("cluster|slots", 2, kStale, {0, 0, 0}, Scope::connection, cluster_slots_command, "@slow", "3.0.0", "cluster",
        "Get array of Cluster slot to node mappings"),
});

inline constexpr auto kClusterCommands = std::to_array<Command>({
    row("cluster", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "3.0.0", "cluster", "A container for cluster commands",
        kClusterSubcommands),
    row("readonly", 1, kLoading | kStale | kFast, {0, 0, 0}, Scope::connection, readonly_command, "@fast @connection", "3.0.0",
        "cluster", "Enables read queries for a connection to a cluster replica node"),
    row("readwrite", 1, kLoading | kStale | kFast, {0, 0, 0}, Scope::connection, readwrite_command, "@fast @connection", "3.0.0",
        "cluster", "Disables read queries for a connection to a cluster replica node"),
    row("asking", 1, kFast, {0, 0, 0}, Scope::connection, asking_command, "@fast @connection", "3.0.0", "cluster",
        "Sent by cluster clients after an -ASK redirect"),
});

}  // namespace kv
