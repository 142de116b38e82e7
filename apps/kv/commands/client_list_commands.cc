// CLIENT LIST and CLIENT KILL: over the clients of all cores.

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kv/commands/client_description.h"
#include "kv/commands/command.h"
#include "kv/commands/errors.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;

// Which clients are meant. There are no masters and replicas: those types match nobody.
struct Selection {
  std::optional<std::vector<std::uint64_t>> ids;
  std::optional<std::string> address;
  std::optional<std::string> local_address;
  std::optional<std::string> user;
  enum class Type : std::uint8_t { any, normal, pubsub, none } type = Type::any;
  std::uint64_t spared = 0;  // id of a client that is not meant whatever else is true; 0: nobody

  bool matches(const Client& client) const {
    if (client.id() == spared) return false;
    if (ids && std::ranges::find(*ids, client.id()) == ids->end()) return false;
    if (address && client.peer_address() != *address) return false;
    if (local_address && client.local_address() != *local_address) return false;
    if (user && (client.user == nullptr || client.user->name != *user)) return false;
    // A monitor is of no type that could be asked for but of the replicas'.
    if (type == Type::any) return true;
    return (type == Type::normal && kind_of(client) == ClientKind::normal) ||
           (type == Type::pubsub && kind_of(client) == ClientKind::pubsub);
  }
};

// False: the error is written.
bool read_type(Call& call, std::string_view name, Selection& selection) {
  using Type = Selection::Type;
  if (equals_ignoring_case(name, "normal")) {
    selection.type = Type::normal;
  } else if (equals_ignoring_case(name, "pubsub")) {
    selection.type = Type::pubsub;
  } else if (equals_ignoring_case(name, "master") || equals_ignoring_case(name, "replica") || equals_ignoring_case(name, "slave")) {
    selection.type = Type::none;
  } else {
    call.reply.error("ERR Unknown client type '" + std::string(name) + "'");
    return false;
  }
  return true;
}

class ListTour final : public Tour {
 public:
  explicit ListTour(Selection selection) : selection_(std::move(selection)) {}

  void visit(Server& there) override {
    for (const Client& client : there.clients()) {
      if (selection_.matches(client)) lines_.emplace_back(client.id(), describe(client));
    }
  }

  // In the order in which they came.
  void conclude(Client&, protocol::RespWriter& reply) override {
    std::ranges::sort(lines_);
    std::string text;
    for (const auto& [id, line] : lines_) text.append(line).append("\n");
    reply.verbatim("txt", text);
  }

 private:
  const Selection selection_;
  std::vector<std::pair<std::uint64_t, std::string>> lines_;
};

enum class KillForm : std::uint8_t { old, options };

class KillTour final : public Tour {
 public:
  KillTour(Selection selection, KillForm form, std::uint64_t caller)
      : selection_(std::move(selection)), form_(form), caller_(caller) {}

  void visit(Server& there) override {
    std::vector<Client*> victims;  // first: killing one may change the list
    for (Client& client : there.clients()) {
      if (selection_.matches(client)) victims.push_back(&client);
    }
    killed_ += victims.size();
    for (Client* victim : victims) {
      if (victim->id() == caller_) {
        caller_is_meant_ = true;
      } else {
        victim->kill();
      }
    }
  }

  void conclude(Client& client, protocol::RespWriter& reply) override {
    if (form_ == KillForm::options) {
      reply.integer(static_cast<std::int64_t>(killed_));
    } else if (killed_ != 0) {
      reply.ok();
    } else {
      reply.error("ERR No such client");
    }
    // It gets its answer first.
    if (caller_is_meant_) client.close_after_reply();
  }

 private:
  const Selection selection_;
  const KillForm form_;
  const std::uint64_t caller_;
  std::size_t killed_ = 0;
  bool caller_is_meant_ = false;
};

// False: the error is written.
bool read_kill_option(Call& call, std::string_view option, std::string_view value, Selection& selection) {
  if (equals_ignoring_case(option, "id")) {
    const auto id = protocol::parse_int64(value);
    if (!id || *id < 1) {
      call.reply.error("ERR client-id should be greater than 0");
      return false;
    }
    selection.ids = {static_cast<std::uint64_t>(*id)};
  } else if (equals_ignoring_case(option, "type")) {
    return read_type(call, value, selection);
  } else if (equals_ignoring_case(option, "addr")) {
    selection.address = value;
  } else if (equals_ignoring_case(option, "laddr")) {
    selection.local_address = value;
  } else if (equals_ignoring_case(option, "user")) {
    if (call.server->access().find(value) == nullptr) {
      call.reply.error("ERR No such user '" + std::string(value) + "'");
      return false;
    }
    selection.user = value;
  } else if (equals_ignoring_case(option, "skipme") && equals_ignoring_case(value, "yes")) {
    selection.spared = call.client->id();
  } else if (equals_ignoring_case(option, "skipme") && equals_ignoring_case(value, "no")) {
    selection.spared = 0;
  } else {
    call.reply.error(errors::kSyntax);
    return false;
  }
  return true;
}

}  // namespace

void client_list_command(Call& call) {
  const auto arguments = call.arguments;
  Selection selection;
  if (arguments.size() == 4 && equals_ignoring_case(arguments[2], "type")) {
    if (!read_type(call, arguments[3], selection)) return;
  } else if (arguments.size() > 3 && equals_ignoring_case(arguments[2], "id")) {
    selection.ids.emplace();
    for (const std::string_view argument : arguments.subspan(3)) {
      const auto id = protocol::parse_int64(argument);
      if (!id) return call.reply.error("ERR Invalid client ID");
      selection.ids->push_back(static_cast<std::uint64_t>(*id));
    }
  } else if (arguments.size() != 2) {
    return call.reply.error(errors::kSyntax);
  }
  call.client->travel(std::make_unique<ListTour>(std::move(selection)));
}

void client_kill_command(Call& call) {
  const auto arguments = call.arguments;
  Selection selection;
  KillForm form = KillForm::options;
  if (arguments.size() == 3) {
    selection.address = arguments[2];
    form = KillForm::old;
  } else {
    selection.spared = call.client->id();
    for (std::size_t index = 2; index < arguments.size(); index += 2) {
      if (index + 1 == arguments.size()) return call.reply.error(errors::kSyntax);
      if (!read_kill_option(call, arguments[index], arguments[index + 1], selection)) return;
    }
  }
  call.client->travel(std::make_unique<KillTour>(std::move(selection), form, call.client->id()));
}

}  // namespace kv
