// SLOWLOG: the slow logs of all cores as one.

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "kv/commands/command.h"
#include "kv/commands/help.h"
#include "kv/commands/server_commands.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

class GetTour final : public Tour {
 public:
  explicit GetTour(std::size_t count_max) noexcept : count_max_(count_max) {}

  void visit(Server& there) override {
    for (const SlowCall& call : there.slow_log().calls()) {
      // Cores number their calls apart: together with the core's number that is unique.
      calls_.push_back(call);
      calls_.back().id = call.id * there.core_count() + there.number();
    }
  }

  void conclude(Client&, protocol::RespWriter& reply) override {
    std::ranges::stable_sort(calls_, [](const SlowCall& one, const SlowCall& other) {
      return one.at_s != other.at_s ? one.at_s > other.at_s : one.id > other.id;
    });
    calls_.resize(std::min(calls_.size(), count_max_));
    reply.array(calls_.size());
    for (const SlowCall& call : calls_) {
      reply.array(6);
      reply.integer(static_cast<std::int64_t>(call.id));
      reply.integer(call.at_s);
      reply.integer(call.took_us);
      reply.array(call.arguments.size());
      for (const std::string& argument : call.arguments) reply.bulk(argument);
      reply.bulk(call.peer_address);
      reply.bulk(call.client_name);
    }
  }

 private:
  const std::size_t count_max_;
  std::vector<SlowCall> calls_;
};

class CountTour final : public Tour {
 public:
  void visit(Server& there) override { count_ += there.slow_log().calls().size(); }
  void conclude(Client&, protocol::RespWriter& reply) override { reply.integer(static_cast<std::int64_t>(count_)); }

 private:
  std::size_t count_ = 0;
};

class ClearTour final : public Tour {
 public:
  void visit(Server& there) override { there.slow_log().clear(); }
  void conclude(Client&, protocol::RespWriter& reply) override { reply.ok(); }
};

constexpr std::int64_t kCountByDefault = 10;

}  // namespace

void slowlog_get_command(Call& call) {
  if (call.arguments.size() > 3) {
    return call.reply.error("ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP.");
  }
  std::int64_t count = kCountByDefault;
  if (call.arguments.size() == 3) {
    const auto read = protocol::parse_int64(call.arguments[2]);
    if (!read || *read < -1) return call.reply.error("ERR count should be greater than or equal to -1");
    count = *read;
  }
  const std::size_t count_max = count == -1 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(count);
  call.client->travel(std::make_unique<GetTour>(count_max));
}

void slowlog_len_command(Call& call) { call.client->travel(std::make_unique<CountTour>()); }

void slowlog_reset_command(Call& call) { call.client->travel(std::make_unique<ClearTour>()); }

void slowlog_help_command(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "GET [<count>]",
      "    The latest slow commands (default: 10, -1: all), each as:",
      "    id, timestamp, microseconds, arguments, client address, client name",
      "LEN",
      "    How many there are.",
      "RESET",
      "    Forget them.",
  });
  reply_help(call, kLines);
}

}  // namespace kv
