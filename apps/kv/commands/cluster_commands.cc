// CLUSTER, READONLY, READWRITE and ASKING: for clients that speak to clusters, a cluster of one node that owns all slots.

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "kv/commands/command.h"
#include "kv/commands/errors.h"
#include "kv/commands/help.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/key_slot.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::RespWriter;

constexpr std::uint16_t kLastSlot = protocol::kSlotCount - 1;

// False: the error is written.
bool is_cluster(Call& call) {
  if (call.server->configuration().cluster_mode) return true;
  call.reply.error("ERR This instance has cluster support disabled");
  return false;
}

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// Where this client has reached the server: it can come back there, whatever networks lie between.
Address address_for(Call& call) {
  const std::string& local = call.client->local_address();
  Address address{call.server->configuration().bind, call.server->configuration().port};
  const std::size_t colon = local.rfind(':');
  if (local.starts_with('/') || colon == std::string::npos) return address;
  const auto port = protocol::parse_int64(std::string_view(local).substr(colon + 1));
  if (!port || *port <= 0 || *port > 65535) return address;
  address.host = local.substr(0, colon);
  // "[::1]": clients of clusters write addresses without brackets.
  if (address.host.starts_with('[')) address.host = address.host.substr(1, address.host.size() - 2);
  address.port = static_cast<std::uint16_t>(*port);
  return address;
}

std::string shard_id(const Node& node) { return {node.run_id.rbegin(), node.run_id.rend()}; }

// False: the error is written.
bool read_slot(Call& call, std::int64_t& slot) {
  const auto read = protocol::parse_int64(call.arguments[2]);
  if (!read) {
    call.reply.error(errors::kNotAnInteger);
    return false;
  }
  slot = *read;
  return true;
}

// Calls visit(key) for keys of that slot until it returns false.
template <typename Visit>
void for_each_key_of_slot(Call& call, std::uint16_t slot, Visit&& visit) {
  Keyspace& keyspace = *call.data.cores()[call.server->node().slots.core_of_slot(slot)];
  std::uint64_t cursor = 0;
  bool goes_on = true;
  do {
    cursor = keyspace.scan(call.data.number(), cursor, [&](std::string_view key) {
      if (goes_on && protocol::key_slot(key) == slot) goes_on = visit(key);
    });
  } while (goes_on && cursor != 0);
}

}  // namespace

void cluster_info_command(Call& call) {
  if (!is_cluster(call)) return;
  call.reply.verbatim("txt",
                      "cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:16384\r\ncluster_slots_pfail:0\r\n"
                      "cluster_slots_fail:0\r\ncluster_known_nodes:1\r\ncluster_size:1\r\ncluster_current_epoch:1\r\n"
                      "cluster_my_epoch:1\r\ncluster_stats_messages_sent:0\r\ncluster_stats_messages_received:0\r\n"
                      "total_cluster_links_buffer_limit_exceeded:0\r\n");
}

void cluster_myid_command(Call& call) {
  if (is_cluster(call)) call.reply.bulk(call.server->node().run_id);
}

void cluster_myshardid_command(Call& call) {
  if (is_cluster(call)) call.reply.bulk(shard_id(call.server->node()));
}

// The port of the cluster bus is told as 0: there is none.
void cluster_nodes_command(Call& call) {
  if (!is_cluster(call)) return;
  const Address address = address_for(call);
  call.reply.verbatim("txt", call.server->node().run_id + " " + address.host + ":" + std::to_string(address.port) +
                                 "@0 myself,master - 0 0 1 connected 0-" + std::to_string(kLastSlot) + "\n");
}

void cluster_slots_command(Call& call) {
  if (!is_cluster(call)) return;
  const Address address = address_for(call);
  RespWriter& reply = call.reply;
  reply.array(1);
  reply.array(3);
  reply.integer(0);
  reply.integer(kLastSlot);
  reply.array(4);
  reply.bulk(address.host);
  reply.integer(address.port);
  reply.bulk(call.server->node().run_id);
  reply.array(0);
}

void cluster_shards_command(Call& call) {
  if (!is_cluster(call)) return;
  const Address address = address_for(call);
  RespWriter& reply = call.reply;
  reply.array(1);
  reply.map(2);
  reply.bulk("slots");
  reply.array(2);
  reply.integer(0);
  reply.integer(kLastSlot);
  reply.bulk("nodes");
  reply.array(1);
  reply.map(7);
  reply.bulk("id");
  reply.bulk(call.server->node().run_id);
  reply.bulk("port");
  reply.integer(address.port);
  reply.bulk("ip");
  reply.bulk(address.host);
  reply.bulk("endpoint");
  reply.bulk(address.host);
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("replication-offset");
  reply.integer(0);
  reply.bulk("health");
  reply.bulk("online");
}

void cluster_keyslot_command(Call& call) {
  if (is_cluster(call)) call.reply.integer(protocol::key_slot(call.arguments[2]));
}

void cluster_countkeysinslot_command(Call& call) {
  std::int64_t slot = 0;
  if (!is_cluster(call) || !read_slot(call, slot)) return;
  if (slot < 0 || slot > kLastSlot) return call.reply.error("ERR Invalid slot");
  std::int64_t count = 0;
  for_each_key_of_slot(call, static_cast<std::uint16_t>(slot), [&](std::string_view) {
    ++count;
    return true;
  });
  call.reply.integer(count);
}

void cluster_getkeysinslot_command(Call& call) {
  std::int64_t slot = 0;
  if (!is_cluster(call) || !read_slot(call, slot)) return;
  const auto keys_max = protocol::parse_int64(call.arguments[3]);
  if (!keys_max) return call.reply.error(errors::kNotAnInteger);
  if (slot < 0 || slot > kLastSlot || *keys_max < 0) return call.reply.error("ERR Invalid slot or number of keys");
  std::vector<std::string> keys;
  if (*keys_max > 0) {
    for_each_key_of_slot(call, static_cast<std::uint16_t>(slot), [&](std::string_view key) {
      keys.emplace_back(key);
      return keys.size() < static_cast<std::size_t>(*keys_max);
    });
  }
  call.reply.array(keys.size());
  for (const std::string& key : keys) call.reply.bulk(key);
}

void cluster_help_command(Call& call) {
  if (!is_cluster(call)) return;
  static constexpr auto kLines = std::to_array<std::string_view>({
      "COUNTKEYSINSLOT <slot>",
      "    How many keys there are in a slot.",
      "GETKEYSINSLOT <slot> <count>",
      "    Some keys of a slot.",
      "INFO",
      "    The state of the cluster.",
      "KEYSLOT <key>",
      "    The slot of a key.",
      "MYID",
      "    The id of this node.",
      "MYSHARDID",
      "    The id of its shard.",
      "NODES",
      "    The nodes, a line each.",
      "SHARDS",
      "    The shards, their slots and nodes.",
      "SLOTS",
      "    The slots and their nodes.",
  });
  reply_help(call, kLines);
}

// Every key is here, and writable: nothing changes.
void readonly_command(Call& call) {
  if (is_cluster(call)) call.reply.ok();
}

void readwrite_command(Call& call) { readonly_command(call); }

void asking_command(Call& call) { readonly_command(call); }

}  // namespace kv
