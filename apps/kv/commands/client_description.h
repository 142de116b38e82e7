// What CLIENT LIST, CLIENT INFO and ACL LOG say of a client, in one line.
#pragma once

#include <string>
#include <string_view>

#include "kv/session/client.h"

namespace kv {

// Redis's kinds of clients; there are no masters and replicas here.
enum class ClientKind : std::uint8_t { normal, pubsub, monitor };

inline ClientKind kind_of(const Client& client) noexcept {
  if (client.is_monitor) return ClientKind::monitor;
  return client.subscriptions.empty() ? ClientKind::normal : ClientKind::pubsub;
}

// "id=3 addr=127.0.0.1:51234 ...", without a line break. Thread: the client's core.
std::string describe(const Client& client);

// No blank, no line break, nothing outside ASCII: what may stand in that line.
bool is_plain_name(std::string_view name) noexcept;

}  // namespace kv
