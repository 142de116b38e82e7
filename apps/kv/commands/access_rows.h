// The rows of the command table for ACL. Flags, categories and texts are those of Redis 7.0.
#pragma once

#include <array>

#include "kv/commands/row.h"
#include "kv/commands/server_commands.h"

namespace kv {

inline constexpr auto kAclSubcommands = std::to_array<Command>({
    row("acl|cat", -2, kAnytime, {0, 0, 0}, Scope::connection, acl_cat_command, "@slow", "6.0.0", "server",
        "List the ACL categories or the commands inside a category"),
    row("acl|deluser", -3, kAdmin | kAnytime, {0, 0, 0}, Scope::server, acl_deluser_command, "@admin @slow @dangerous", "6.0.0",
        "server", "Remove the specified ACL users and the associated rules"),
    row("acl|dryrun", -4, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, acl_dryrun_command, "@admin @slow @dangerous", "7.0.0",
        "server", "Returns whether the user can execute the given command without executing the command"),
    row("acl|genpass", -2, kAnytime, {0, 0, 0}, Scope::connection, acl_genpass_command, "@slow", "6.0.0", "server",
        "Generate a pseudorandom secure password to use for ACL users"),
    row("acl|getuser", 3, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, acl_getuser_command, "@admin @slow @dangerous", "6.0.0",
        "server", "Get the rules for a specific ACL user"),
    row("acl|help", 2, kLoading | kStale, {0, 0, 0}, Scope::connection, acl_help_command, "@slow", "6.0.0", "server",
        "Show helpful text about the different subcommands"),
    row("acl|list", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, acl_list_command, "@admin @slow @dangerous", "6.0.0",
        "server", "List the current ACL rules in ACL config file format"),
    row("acl|load", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, acl_load_command, "@admin @slow @dangerous", "6.0.0", "server",
        "Reload the ACLs from the configured ACL file"),
    row("acl|log", -2, kAdmin | kAnytime, {0, 0, 0}, Scope::server, acl_log_command, "@admin @slow @dangerous", "6.0.0", "server",
        "List latest events denied because of ACLs in place"),
    row("acl|save", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, acl_save_command, "@admin @slow @dangerous", "6.0.0",
        "server", "Save the current ACL rules in the configured ACL file"),
    row("acl|setuser", -3, kAdmin | kAnytime, {0, 0, 0}, Scope::server, acl_setuser_command, "@admin @slow @dangerous", "6.0.0",
        "server", "Modify or create the rules for a specific ACL user"),
    row("acl|users", 2, kAdmin | kAnytime, {0, 0, 0}, Scope::connection, acl_users_command, "@admin @slow @dangerous", "6.0.0",
        "server", "List the username of all the configured ACL rules"),
    row("acl|whoami", 2, kAnytime, {0, 0, 0}, Scope::connection, acl_whoami_command, "@slow", "6.0.0", "server",
        "Return the name of the user associated to the current connection"),
});

inline constexpr auto kAccessCommands = std::to_array<Command>({
    row("acl", -2, 0, {0, 0, 0}, Scope::connection, nullptr, "@slow", "6.0.0", "server",
        "A container for Access List Control commands ", kAclSubcommands),
});

}  // namespace kv
