#include "kv/server/pubsub.h"

#include <algorithm>
#include <array>
#include <span>

#include "kv/protocol/glob.h"
#include "kv/server/node.h"
#include "kv/session/client.h"

namespace kv {

namespace {

std::unordered_set<std::string>& names_of(Client& client, Topic topic) noexcept {
  Subscriptions& all = client.subscriptions;
  return topic == Topic::channel ? all.channels : topic == Topic::pattern ? all.patterns : all.shard_channels;
}

// A message as it goes to clients, made once for each version that somebody speaks.
class Delivery {
 public:
  explicit Delivery(std::span<const std::string_view> parts) noexcept : parts_(parts) {}

  std::string_view text(protocol::RespVersion version) {
    std::string& text = texts_[version == protocol::RespVersion::resp3 ? 1 : 0];
    if (!text.empty()) return text;
    text.append(version == protocol::RespVersion::resp3 ? ">" : "*").append(std::to_string(parts_.size())).append("\r\n");
    for (const std::string_view part : parts_) {
      text.append("$").append(std::to_string(part.size())).append("\r\n").append(part).append("\r\n");
    }
    return text;
  }

 private:
  std::span<const std::string_view> parts_;
  std::array<std::string, 2> texts_;
};

std::size_t deliver(const std::vector<Client*>& receivers, std::span<const std::string_view> parts) {
  Delivery delivery(parts);
  for (Client* client : receivers) client->send_out_of_turn(delivery.text(client->version));
  return receivers.size();
}

}  // namespace

bool PubSub::subscribe(Client& client, Topic topic, std::string_view name) {
  if (!names_of(client, topic).emplace(name).second) return false;
  Table& all = table(topic);
  auto found = all.find(name);
  if (found == all.end()) found = all.emplace(std::string(name), std::vector<Client*>()).first;
  found->second.push_back(&client);
  node_.subscriptions.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool PubSub::unsubscribe(Client& client, Topic topic, std::string_view name) {
  auto& names = names_of(client, topic);
  const auto found = names.find(std::string(name));
  if (found == names.end()) return false;
  remove(client, topic, name);
  names.erase(found);
  return true;
}

void PubSub::remove(Client& client, Topic topic, std::string_view name) {
  Table& all = table(topic);
  const auto found = all.find(name);
  std::erase(found->second, &client);
  if (found->second.empty()) all.erase(found);
  node_.subscriptions.fetch_sub(1, std::memory_order_relaxed);
}

void PubSub::forget(Client& client) {
  for (const Topic topic : {Topic::channel, Topic::pattern, Topic::shard_channel}) {
    for (const std::string& name : names_of(client, topic)) remove(client, topic, name);
    names_of(client, topic).clear();
  }
}

// Nobody leaves while a message is delivered: a connection that is closed for its backlog dies later.
std::size_t PubSub::publish(Topic topic, std::string_view name, std::string_view message) {
  std::size_t receivers = 0;
  const bool is_shard = topic == Topic::shard_channel;
  const Table& direct = table(topic);
  if (const auto found = direct.find(name); found != direct.end()) {
    receivers += deliver(found->second, std::array<std::string_view, 3>{is_shard ? "smessage" : "message", name, message});
  }
  if (is_shard) return receivers;
  for (const auto& [pattern, clients] : patterns_) {
    if (!protocol::matches_glob(pattern, name)) continue;
    receivers += deliver(clients, std::array<std::string_view, 4>{"pmessage", pattern, name, message});
  }
  return receivers;
}

std::size_t PubSub::subscriber_count(Topic topic, std::string_view name) const {
  const Table& all = table(topic);
  const auto found = all.find(name);
  return found == all.end() ? 0 : found->second.size();
}

}  // namespace kv
