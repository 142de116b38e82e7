#include "kv/session/client.h"

#include "corering/sys/socket_address.h"
#include "kv/server/server.h"

namespace kv {

Client::Client(Server& server, ClientProtocol protocol)
    : user(server.access().newcomer()),
      created_at(server.core().now()),
      active_at(created_at),
      server_(server),
      id_(server.node().next_client_id()),
      protocol_(protocol) {}

Client::~Client() = default;

namespace {

std::string text_of(const corering::base::Result<corering::sys::SocketAddress>& address) {
  if (!address) return "?:0";
  return address->is_unix() ? address->unix_path() + ":0" : address->text();
}

}  // namespace

const std::string& Client::peer_address() const {
  if (peer_address_.empty()) {
    auto address = corering::sys::SocketAddress::connected_to(descriptor());
    // Clients of Unix sockets have no path of their own.
    if (address && address->is_unix()) address = corering::sys::SocketAddress::bound_to(descriptor());
    peer_address_ = text_of(address);
  }
  return peer_address_;
}

const std::string& Client::local_address() const {
  if (local_address_.empty()) local_address_ = text_of(corering::sys::SocketAddress::bound_to(descriptor()));
  return local_address_;
}

void Client::reset() {
  transaction.end();
  server_.pubsub().forget(*this);
  database = 0;
  version = protocol::RespVersion::resp2;
  name.clear();
  reply_mode = ReplyMode::on;
  no_evict = no_touch = false;
  user = server_.access().newcomer();
  on_authenticated();
}

}  // namespace kv
