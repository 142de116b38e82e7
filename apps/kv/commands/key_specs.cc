#include "kv/commands/key_specs.h"

#include <algorithm>

#include "kv/commands/handlers.h"
#include "kv/protocol/ascii.h"

namespace kv {

namespace {

// As Redis 7.0 tells them; sorted by name.
constexpr auto kSpecs = std::to_array<CommandSpec>({
    {"append", "", {{{"RW insert", 1, 0, 1}}}},
    {"bitcount", "", {{{"RO access", 1, 0, 1}}}},
    {"bitfield", "", {{{"RW access update variable_flags", 1, 0, 1, "This command allows both access and modification of the key"}}}},
    {"bitfield_ro", "", {{{"RO access", 1, 0, 1}}}},
    {"bitop", "", {{{"OW update", 2, 0, 1}, {"RO access", 3, -1, 1}}}},
    {"bitpos", "", {{{"RO access", 1, 0, 1}}}},
    {"client|info", "nondeterministic_output", {{}}},
    {"client|list", "nondeterministic_output", {{}}},
    {"cluster|getkeysinslot", "nondeterministic_output", {{}}},
    {"cluster|info", "nondeterministic_output", {{}}},
    {"cluster|nodes", "nondeterministic_output", {{}}},
    {"cluster|shards", "nondeterministic_output", {{}}},
    {"cluster|slots", "nondeterministic_output", {{}}},
    {"command", "nondeterministic_output_order", {{}}},
    {"command|docs", "nondeterministic_output_order", {{}}},
    {"command|info", "nondeterministic_output_order", {{}}},
    {"command|list", "nondeterministic_output_order", {{}}},
    {"config|set", "request_policy:all_nodes response_policy:all_succeeded", {{}}},
    {"copy", "", {{{"RO access", 1, 0, 1}, {"OW update", 2, 0, 1}}}},
    {"dbsize", "request_policy:all_shards response_policy:agg_sum", {{}}},
    {"decr", "", {{{"RW access update", 1, 0, 1}}}},
    {"decrby", "", {{{"RW access update", 1, 0, 1}}}},
    {"del", "request_policy:multi_shard response_policy:agg_sum", {{{"RM delete", 1, -1, 1}}}},
    {"delifeq", "", {{{"RM delete", 1, 0, 1}}}},
    {"dump", "nondeterministic_output", {{{"RO access", 1, 0, 1}}}},
    {"exists", "request_policy:multi_shard response_policy:agg_sum", {{{"RO", 1, -1, 1}}}},
    {"expire", "", {{{"RW update", 1, 0, 1}}}},
    {"expireat", "", {{{"RW update", 1, 0, 1}}}},
    {"expiretime", "", {{{"RO access", 1, 0, 1}}}},
    {"flushall", "request_policy:all_shards response_policy:all_succeeded", {{}}},
    {"flushdb", "request_policy:all_shards response_policy:all_succeeded", {{}}},
    {"get", "", {{{"RO access", 1, 0, 1}}}},
    {"getbit", "", {{{"RO access", 1, 0, 1}}}},
    {"getdel", "", {{{"RW access delete", 1, 0, 1}}}},
    {"getex", "", {{{"RW access update", 1, 0, 1, "RW and UPDATE because it changes the TTL"}}}},
    {"getrange", "", {{{"RO access", 1, 0, 1}}}},
    {"getset", "", {{{"RW access update", 1, 0, 1}}}},
    {"incr", "", {{{"RW access update", 1, 0, 1}}}},
    {"incrby", "", {{{"RW access update", 1, 0, 1}}}},
    {"incrbyfloat", "", {{{"RW access update", 1, 0, 1}}}},
    {"info", "nondeterministic_output request_policy:all_shards response_policy:special", {{}}},
    {"keys", "request_policy:all_shards nondeterministic_output_order", {{}}},
    {"lastsave", "nondeterministic_output", {{}}},
    {"latency|doctor", "nondeterministic_output request_policy:all_nodes response_policy:special", {{}}},
    {"latency|graph", "nondeterministic_output request_policy:all_nodes response_policy:special", {{}}},
    {"latency|histogram", "nondeterministic_output request_policy:all_nodes response_policy:special", {{}}},
    {"latency|history", "nondeterministic_output request_policy:all_nodes response_policy:special", {{}}},
    {"latency|latest", "nondeterministic_output request_policy:all_nodes response_policy:special", {{}}},
    {"latency|reset", "request_policy:all_nodes response_policy:all_succeeded", {{}}},
    {"lcs", "", {{{"RO access", 1, 1, 1}}}},
    {"memory|doctor", "nondeterministic_output request_policy:all_shards response_policy:special", {{}}},
    {"memory|malloc-stats", "nondeterministic_output request_policy:all_shards response_policy:special", {{}}},
    {"memory|purge", "request_policy:all_shards response_policy:all_succeeded", {{}}},
    {"memory|stats", "nondeterministic_output request_policy:all_shards response_policy:special", {{}}},
    {"memory|usage", "", {{{"RO", 2, 0, 1}}}},
    {"mget", "request_policy:multi_shard", {{{"RO access", 1, -1, 1}}}},
    {"move", "", {{{"RW access update", 1, 0, 1}}}},
    {"mset", "request_policy:multi_shard response_policy:all_succeeded", {{{"OW update", 1, -1, 2}}}},
    {"msetnx", "request_policy:multi_shard response_policy:agg_min", {{{"OW insert", 1, -1, 2}}}},
    {"object|encoding", "nondeterministic_output", {{{"RO", 2, 0, 1}}}},
    {"object|freq", "nondeterministic_output", {{{"RO", 2, 0, 1}}}},
    {"object|idletime", "nondeterministic_output", {{{"RO", 2, 0, 1}}}},
    {"object|refcount", "nondeterministic_output", {{{"RO", 2, 0, 1}}}},
    {"persist", "", {{{"RW update", 1, 0, 1}}}},
    {"pexpire", "", {{{"RW update", 1, 0, 1}}}},
    {"pexpireat", "", {{{"RW update", 1, 0, 1}}}},
    {"pexpiretime", "", {{{"RO access", 1, 0, 1}}}},
    {"ping", "request_policy:all_shards response_policy:all_succeeded", {{}}},
    {"psetex", "", {{{"OW update", 1, 0, 1}}}},
    {"pttl", "nondeterministic_output", {{{"RO access", 1, 0, 1}}}},
    {"randomkey", "request_policy:all_shards nondeterministic_output", {{}}},
    {"rename", "", {{{"RW access delete", 1, 0, 1}, {"OW update", 2, 0, 1}}}},
    {"renamenx", "", {{{"RW access delete", 1, 0, 1}, {"OW insert", 2, 0, 1}}}},
    {"restore", "", {{{"OW update", 1, 0, 1}}}},
    {"scan", "nondeterministic_output request_policy:special", {{}}},
    {"set", "", {{{"RW access update variable_flags", 1, 0, 1, "RW and ACCESS due to the optional `GET` argument"}}}},
    {"setbit", "", {{{"RW access update", 1, 0, 1}}}},
    {"setex", "", {{{"OW update", 1, 0, 1}}}},
    {"setnx", "", {{{"OW insert", 1, 0, 1}}}},
    {"setrange", "", {{{"RW update", 1, 0, 1}}}},
    {"slowlog|get", "request_policy:all_nodes nondeterministic_output", {{}}},
    {"slowlog|len", "request_policy:all_nodes response_policy:agg_sum nondeterministic_output", {{}}},
    {"slowlog|reset", "request_policy:all_nodes response_policy:all_succeeded", {{}}},
    {"spublish", "", {{{"not_key", 1, 0, 1}}}},
    {"ssubscribe", "", {{{"not_key", 1, -1, 1}}}},
    {"strlen", "", {{{"RO", 1, 0, 1}}}},
    {"substr", "", {{{"RO access", 1, 0, 1}}}},
    {"sunsubscribe", "", {{{"not_key", 1, -1, 1}}}},
    {"time", "nondeterministic_output", {{}}},
    {"touch", "request_policy:multi_shard response_policy:agg_sum", {{{"RO", 1, -1, 1}}}},
    {"ttl", "nondeterministic_output", {{{"RO access", 1, 0, 1}}}},
    {"type", "", {{{"RO", 1, 0, 1}}}},
    {"unlink", "request_policy:multi_shard response_policy:agg_sum", {{{"RM delete", 1, -1, 1}}}},
    {"wait", "request_policy:all_shards response_policy:agg_min", {{}}},
    {"watch", "", {{{"RO", 1, -1, 1}}}},
});
static_assert(std::ranges::is_sorted(kSpecs, {}, &CommandSpec::name));

bool has_option(std::span<const std::string_view> arguments, std::string_view option) noexcept {
  return std::ranges::any_of(arguments, [option](std::string_view argument) { return protocol::equals_ignoring_case(argument, option); });
}

}  // namespace

std::string_view flags_of_call(const Command& command, const KeySpec& spec, std::span<const std::string_view> arguments) noexcept {
  if (!has_word(spec.flags, "variable_flags")) return spec.flags;
  const auto options = arguments.subspan(2);
  if (command.handler == &set_command) return has_option(options.subspan(1), "get") ? "RW access update" : "OW update";
  return has_option(options, "set") || has_option(options, "incrby") ? "RW access update" : "RO access";
}

const CommandSpec& spec_of(const Command& command) noexcept {
  static constexpr CommandSpec kNone;
  const auto found = std::ranges::lower_bound(kSpecs, command.name, {}, &CommandSpec::name);
  return found != kSpecs.end() && found->name == command.name ? *found : kNone;
}

}  // namespace kv
