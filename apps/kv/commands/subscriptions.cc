// SUBSCRIBE and its kin, PUBLISH, PUBSUB.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kv/commands/call.h"
#include "kv/commands/command.h"
#include "kv/commands/connection_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/glob.h"
#include "kv/server/server.h"

namespace kv {

namespace {

struct Words {
  std::string_view subscribe;
  std::string_view unsubscribe;
};

Words words_of(Topic topic) noexcept {
  if (topic == Topic::channel) return {"subscribe", "unsubscribe"};
  if (topic == Topic::pattern) return {"psubscribe", "punsubscribe"};
  return {"ssubscribe", "sunsubscribe"};
}

void report(Call& call, std::string_view word, const std::string_view* name, Topic topic) {
  const Subscriptions& all = call.client->subscriptions;
  call.reply.push(3);
  call.reply.bulk(word);
  if (name == nullptr) {
    call.reply.null();
  } else {
    call.reply.bulk(*name);
  }
  call.reply.integer(static_cast<std::int64_t>(topic == Topic::shard_channel ? all.shard_channels.size() : all.count()));
}

void subscribe(Call& call, Topic topic) {
  for (const std::string_view name : call.arguments.subspan(1)) {
    call.server->pubsub().subscribe(*call.client, topic, name);
    report(call, words_of(topic).subscribe, &name, topic);
  }
}

void unsubscribe(Call& call, Topic topic) {
  std::vector<std::string> names;
  if (call.arguments.size() > 1) {
    for (const std::string_view name : call.arguments.subspan(1)) names.emplace_back(name);
  } else {
    const Subscriptions& all = call.client->subscriptions;
    const auto& subscribed = topic == Topic::channel ? all.channels : topic == Topic::pattern ? all.patterns : all.shard_channels;
    names.assign(subscribed.begin(), subscribed.end());
  }
  for (const std::string& text : names) {
    const std::string_view name = text;
    call.server->pubsub().unsubscribe(*call.client, topic, name);
    report(call, words_of(topic).unsubscribe, &name, topic);
  }
  if (names.empty()) report(call, words_of(topic).unsubscribe, nullptr, topic);
}

// The name and the message stay where they are: the publisher waits.
class Publication final : public Tour {
 public:
  Publication(Topic topic, std::string_view name, std::string_view message) : topic_(topic), name_(name), message_(message) {}

  void visit(Server& there) override { receivers_ += there.pubsub().publish(topic_, name_, message_); }
  void conclude(Client& client, protocol::RespWriter& reply) override {
    client.server().statistics().delivered.add(receivers_);
    reply.integer(static_cast<std::int64_t>(receivers_));
  }

 private:
  const Topic topic_;
  const std::string_view name_;
  const std::string_view message_;
  std::size_t receivers_ = 0;
};

void publish(Call& call, Topic topic) {
  call.server->statistics().published.add();
  if (call.server->node().subscriptions.load(std::memory_order_relaxed) == 0) return call.reply.integer(0);
  call.client->travel(std::make_unique<Publication>(topic, call.arguments[1], call.arguments[2]));
}

// PUBSUB CHANNELS and SHARDCHANNELS.
class ChannelList final : public Tour {
 public:
  ChannelList(Topic topic, std::string_view pattern) : topic_(topic), pattern_(pattern) {}

  void visit(Server& there) override {
    there.pubsub().for_each_name(topic_, [&](std::string_view name) {
      if (pattern_.empty() || protocol::matches_glob(pattern_, name)) names_.emplace(name);
    });
  }
  void conclude(Client&, protocol::RespWriter& reply) override {
    reply.array(names_.size());
    for (const std::string& name : names_) reply.bulk(name);
  }

 private:
  const Topic topic_;
  const std::string_view pattern_;
  std::set<std::string> names_;
};

// PUBSUB NUMSUB and SHARDNUMSUB.
class SubscriberCount final : public Tour {
 public:
  SubscriberCount(Topic topic, std::span<const std::string_view> names)
      : topic_(topic), names_(names.begin(), names.end()), counts_(names.size()) {}

  void visit(Server& there) override {
    for (std::size_t index = 0; index < names_.size(); ++index) {
      counts_[index] += there.pubsub().subscriber_count(topic_, names_[index]);
    }
  }
  void conclude(Client&, protocol::RespWriter& reply) override {
    reply.map(names_.size());
    for (std::size_t index = 0; index < names_.size(); ++index) {
      reply.bulk(names_[index]);
      reply.integer(static_cast<std::int64_t>(counts_[index]));
    }
  }

 private:
  const Topic topic_;
  const std::vector<std::string_view> names_;
  std::vector<std::size_t> counts_;
};

// PUBSUB NUMPAT.
class PatternCount final : public Tour {
 public:
  void visit(Server& there) override {
    there.pubsub().for_each_name(Topic::pattern, [&](std::string_view name) { patterns_.emplace(name); });
  }
  void conclude(Client&, protocol::RespWriter& reply) override { reply.integer(static_cast<std::int64_t>(patterns_.size())); }

 private:
  std::set<std::string> patterns_;
};

void pubsub_help(Call& call) {
  constexpr std::string_view kLines[] = {
      "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CHANNELS [<pattern>]",
      "    Return the currently active channels matching a <pattern> (default: '*').",
      "NUMPAT",
      "    Return number of subscriptions to patterns.",
      "NUMSUB [<channel> ...]",
      "    Return the number of subscribers for the specified channels, excluding",
      "    pattern subscriptions(default: no channels).",
      "SHARDCHANNELS [<pattern>]",
      "    Return the currently active shard level channels matching a <pattern> (default: '*').",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    Return the number of subscribers for the specified shard level channel(s)",
      "HELP",
      "    Print this help.",
  };
  call.reply.array(std::size(kLines));
  for (const std::string_view line : kLines) call.reply.simple_string(line);
}

}  // namespace

bool is_allowed_to_subscribers(const Command& command) noexcept {
  const Handler handler = command.handler;
  return handler == &subscribe_command || handler == &psubscribe_command || handler == &ssubscribe_command ||
         handler == &unsubscribe_command || handler == &punsubscribe_command || handler == &sunsubscribe_command ||
         handler == &ping_command || handler == &quit_command || handler == &reset_command;
}

void subscribe_command(Call& call) { subscribe(call, Topic::channel); }
void psubscribe_command(Call& call) { subscribe(call, Topic::pattern); }
void ssubscribe_command(Call& call) { subscribe(call, Topic::shard_channel); }
void unsubscribe_command(Call& call) { unsubscribe(call, Topic::channel); }
void punsubscribe_command(Call& call) { unsubscribe(call, Topic::pattern); }
void sunsubscribe_command(Call& call) { unsubscribe(call, Topic::shard_channel); }
void publish_command(Call& call) { publish(call, Topic::channel); }
void spublish_command(Call& call) { publish(call, Topic::shard_channel); }

void pubsub_command(Call& call) {
  using protocol::equals_ignoring_case;
  const std::string_view subcommand = call.arguments[1];
  if (equals_ignoring_case("help", subcommand)) return pubsub_help(call);
  if (equals_ignoring_case("numpat", subcommand)) return call.client->travel(std::make_unique<PatternCount>());
  const bool is_shard = equals_ignoring_case("shardchannels", subcommand) || equals_ignoring_case("shardnumsub", subcommand);
  const Topic topic = is_shard ? Topic::shard_channel : Topic::channel;
  const bool lists = equals_ignoring_case("channels", subcommand) || equals_ignoring_case("shardchannels", subcommand);
  if (!lists) return call.client->travel(std::make_unique<SubscriberCount>(topic, call.arguments.subspan(2)));
  if (call.arguments.size() > 3) {
    return call.reply.error("ERR wrong number of arguments for 'pubsub|" + std::string(is_shard ? "shard" : "") +
                            "channels' command");
  }
  call.client->travel(std::make_unique<ChannelList>(topic, call.arguments.size() == 3 ? call.arguments[2] : std::string_view()));
}

}  // namespace kv
