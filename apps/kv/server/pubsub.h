// PubSub: who on this core has subscribed to what, and the delivery of messages to them.
//
// Thread: its core's; a PUBLISH reaches the others as a Tour. Lifetime: a client leaves (forget) before it dies.
// Cost: publish is one hash, one walk of the patterns, and per receiver a copy of the message into its send queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kv {

class Client;
struct Node;

enum class Topic : std::uint8_t { channel, pattern, shard_channel };

class PubSub {
 public:
  explicit PubSub(Node& node) noexcept : node_(node) {}

  // False: it was, or was not, subscribed already. Both keep client.subscriptions up to date, too.
  bool subscribe(Client& client, Topic topic, std::string_view name);
  bool unsubscribe(Client& client, Topic topic, std::string_view name);
  void forget(Client& client);

  // Sends the message to the subscribers here; returns how many there were. Topic: channel (matches patterns too) or shard_channel.
  std::size_t publish(Topic topic, std::string_view name, std::string_view message);

  // For PUBSUB.
  std::size_t subscriber_count(Topic topic, std::string_view name) const;
  std::size_t pattern_count() const noexcept { return patterns_.size(); }
  template <typename Visit>
  void for_each_name(Topic topic, Visit&& visit) const {
    for (const auto& [name, clients] : table(topic)) visit(std::string_view(name));
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using Table = std::unordered_map<std::string, std::vector<Client*>, Hash, std::equal_to<>>;

  Table& table(Topic topic) noexcept {
    return topic == Topic::channel ? channels_ : topic == Topic::pattern ? patterns_ : shard_channels_;
  }
  const Table& table(Topic topic) const noexcept { return const_cast<PubSub*>(this)->table(topic); }
  void remove(Client& client, Topic topic, std::string_view name);

  Node& node_;
  Table channels_;
  Table patterns_;
  Table shard_channels_;
};

}  // namespace kv
