#include "kv/commands/client_description.h"

#include <algorithm>

#include "kv/commands/command.h"
#include "kv/server/server.h"

namespace kv {

namespace {

std::string flags_of(const Client& client) {
  std::string flags;
  if (client.is_monitor) flags += 'O';
  if (!client.subscriptions.empty()) flags += 'P';
  if (client.transaction.is_open()) flags += 'x';
  if (client.is_blocked()) flags += 'b';
  if (client.peer_address().starts_with('/')) flags += 'U';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

std::int64_t seconds_since(const Client& client, corering::base::Instant instant) {
  return std::max<std::int64_t>((client.server().core().now() - instant).count() / 1'000'000'000, 0);
}

class Line {
 public:
  Line& add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += ' ';
    text_.append(name).append("=").append(value);
    return *this;
  }
  Line& add(std::string_view name, std::int64_t value) { return add(name, std::to_string(value)); }
  Line& add(std::string_view name, std::size_t value) { return add(name, std::to_string(value)); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string describe(const Client& client) {
  const Transaction& transaction = client.transaction;
  const std::size_t output_bytes = client.output_bytes();
  return Line()
      .add("id", std::to_string(client.id()))
      .add("addr", client.peer_address())
      .add("laddr", client.local_address())
      .add("fd", std::int64_t{client.descriptor()})
      .add("name", client.name)
      .add("age", seconds_since(client, client.created_at))
      .add("idle", seconds_since(client, client.active_at))
      .add("flags", flags_of(client))
      .add("db", std::size_t{client.database})
      .add("sub", client.subscriptions.channels.size())
      .add("psub", client.subscriptions.patterns.size())
      .add("ssub", client.subscriptions.shard_channels.size())
      .add("multi", transaction.is_open() ? static_cast<std::int64_t>(transaction.calls().size()) : -1)
      .add("qbuf", client.input_bytes())
      .add("qbuf-free", std::size_t{0})
      .add("argv-mem", std::size_t{0})
      .add("multi-mem", transaction.queued_bytes())
      .add("rbs", std::size_t{0})
      .add("rbp", std::size_t{0})
      .add("obl", output_bytes)
      .add("oll", std::size_t{0})
      .add("omem", output_bytes)
      .add("tot-mem", sizeof(Client) + client.input_bytes() + output_bytes + transaction.queued_bytes())
      .add("events", output_bytes == 0 ? "r" : "rw")
      .add("cmd", client.last_command == nullptr ? "NULL" : client.last_command->name)
      .add("user", client.user == nullptr ? "(none)" : std::string_view(client.user->name))
      .add("redir", std::int64_t{-1})
      .add("resp", static_cast<std::int64_t>(client.version))
      .add("lib-name", client.library_name)
      .add("lib-ver", client.library_version)
      .take();
}

bool is_plain_name(std::string_view name) noexcept {
  return std::ranges::all_of(name, [](char letter) { return letter >= '!' && letter <= '~'; });
}

}  // namespace kv
