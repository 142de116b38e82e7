// CONFIG.

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kv/commands/command.h"
#include "kv/commands/config_parameters.h"
#include "kv/commands/help.h"
#include "kv/commands/server_commands.h"
#include "kv/commands/server_totals.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/glob.h"
#include "kv/server/server.h"

namespace kv {

namespace {

// Everything was checked at home, so here nothing is refused.
class SetTour final : public Tour {
 public:
  using Change = std::pair<const Parameter*, std::string>;

  explicit SetTour(std::vector<Change> changes) : changes_(std::move(changes)) {}

  bool needs_keys() const noexcept override { return true; }

  void visit(Server& there) override {
    Configuration& configuration = there.configuration();
    const std::string password = configuration.password;
    for (const auto& [parameter, value] : changes_) parameter->set(configuration, *parameter, value);
    there.slow_log().shorten(configuration.slowlog_count_max);
    there.apply_memory();
    if (configuration.password != password) there.access().set_default_password(configuration.password);
  }

  void conclude(Client&, protocol::RespWriter& reply) override { reply.ok(); }

 private:
  const std::vector<Change> changes_;
};

class ResetTour final : public Tour {
 public:
  bool needs_keys() const noexcept override { return true; }
  void visit(Server& there) override { reset_statistics(there); }
  void conclude(Client&, protocol::RespWriter& reply) override { reply.ok(); }
};

void refuse(Call& call, const Parameter& parameter, std::string_view reason) {
  call.reply.error("ERR CONFIG SET failed (possibly related to argument '" + std::string(parameter.name) + "') - " +
                   std::string(reason));
}

}  // namespace

void config_get_command(Call& call) {
  const auto patterns = call.arguments.subspan(2);
  const Configuration& configuration = call.server->configuration();
  std::vector<const Parameter*> found;
  for (const Parameter& parameter : parameters()) {
    if (std::ranges::any_of(patterns, [&](std::string_view pattern) {
          return protocol::matches_glob(pattern, parameter.name, protocol::Case::ignored);
        })) {
      found.push_back(&parameter);
    }
  }
  call.reply.map(found.size());
  for (const Parameter* parameter : found) {
    call.reply.bulk(parameter->name);
    call.reply.bulk(parameter->get(configuration, *parameter));
  }
}

// All or nothing: tried on a copy first.
void config_set_command(Call& call) {
  const auto pairs = call.arguments.subspan(2);
  if (pairs.size() % 2 != 0) {
    return call.reply.error("ERR wrong number of arguments for 'config|set' command");
  }
  Configuration tried = call.server->configuration();
  std::vector<SetTour::Change> changes;
  for (std::size_t index = 0; index < pairs.size(); index += 2) {
    const Parameter* const parameter = find_parameter(pairs[index]);
    if (parameter == nullptr) {
      return call.reply.error("ERR Unknown option or number of arguments for CONFIG SET - '" + std::string(pairs[index]) + "'");
    }
    if (parameter->set == nullptr) return refuse(call, *parameter, "can't set immutable config");
    if (std::ranges::find(changes, parameter, &SetTour::Change::first) != changes.end()) {
      return refuse(call, *parameter, "duplicate parameter");
    }
    changes.emplace_back(parameter, pairs[index + 1]);
  }
  for (const auto& [parameter, value] : changes) {
    if (const std::string reason = parameter->set(tried, *parameter, value); !reason.empty())
      return refuse(call, *parameter, reason);
  }
  call.client->travel(std::make_unique<SetTour>(std::move(changes)));
}

void config_resetstat_command(Call& call) { call.client->travel(std::make_unique<ResetTour>()); }

// The server is started with flags, and what was set since is no flag: saying so is better than a file that a restart would not read.
void config_rewrite_command(Call& call) {
  if (call.server->node().configuration_file.empty()) return call.reply.error("ERR The server is running without a config file");
  call.reply.error("ERR Rewriting config file: " + call.server->node().configuration_file +
                   " is a flag file, which this server only reads");
}

void config_help_command(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "GET <pattern> [<pattern> ...]",
      "    The parameters whose names match, and their values.",
      "SET <directive> <value> [<directive> <value> ...]",
      "    Change parameters, all of them or none.",
      "RESETSTAT",
      "    Begin the statistics of INFO anew.",
      "REWRITE",
      "    Write the configuration to its file.",
  });
  reply_help(call, kLines);
}

}  // namespace kv
