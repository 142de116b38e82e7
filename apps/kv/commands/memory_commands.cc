// MEMORY.

#include <array>
#include <memory>
#include <string>

#include "kv/commands/command.h"
#include "kv/commands/errors.h"
#include "kv/commands/help.h"
#include "kv/commands/info_sections.h"
#include "kv/commands/process.h"
#include "kv/commands/server_commands.h"
#include "kv/commands/server_totals.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using protocol::RespWriter;

class TotalsTour : public Tour {
 public:
  void visit(Server& there) override { totals_.visit(there); }
  bool needs_keys() const noexcept override { return true; }

 protected:
  ServerTotals totals_;
};

std::uint64_t difference(std::uint64_t larger, std::uint64_t smaller) noexcept { return larger - std::min(larger, smaller); }

double ratio(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

class StatsTour final : public TotalsTour {
 public:
  void conclude(Client&, RespWriter& reply) override {
    const ProcessUsage process = process_usage();
    const std::uint64_t clients_bytes = totals_.input_bytes + totals_.output_bytes;
    std::uint64_t keys = 0;
    for (const std::uint64_t count : totals_.keys) keys += count;
    const auto number = [&](std::string_view name, std::uint64_t value) {
      reply.bulk(name);
      reply.integer(static_cast<std::int64_t>(value));
    };
    const auto real = [&](std::string_view name, double value) {
      reply.bulk(name);
      reply.real(value);
    };
    reply.map(27);
    number("peak.allocated", process.resident_bytes_peak);
    number("total.allocated", totals_.memory_bytes);
    number("startup.allocated", 0);
    number("replication.backlog", 0);
    number("clients.slaves", 0);
    number("clients.normal", clients_bytes);
    number("cluster.links", 0);
    number("aof.buffer", 0);
    number("lua.caches", 0);
    number("functions.caches", 0);
    number("overhead.total", difference(totals_.memory_bytes, totals_.l1_live_bytes));
    number("keys.count", keys);
    number("keys.bytes-per-key", keys == 0 ? 0 : totals_.memory_bytes / keys);
    number("dataset.bytes", totals_.l1_live_bytes);
    real("dataset.percentage", 100 * ratio(totals_.l1_live_bytes, totals_.memory_bytes));
    real("peak.percentage", 100 * ratio(process.resident_bytes, process.resident_bytes_peak));
    number("allocator.allocated", totals_.memory_bytes);
    number("allocator.active", totals_.memory_bytes);
    number("allocator.resident", process.resident_bytes);
    real("allocator-fragmentation.ratio", 1);
    number("allocator-fragmentation.bytes", 0);
    real("allocator-rss.ratio", ratio(process.resident_bytes, totals_.memory_bytes));
    number("allocator-rss.bytes", difference(process.resident_bytes, totals_.memory_bytes));
    real("rss-overhead.ratio", 1);
    number("rss-overhead.bytes", 0);
    real("fragmentation", ratio(process.resident_bytes, totals_.memory_bytes));
    number("fragmentation.bytes", difference(process.resident_bytes, totals_.memory_bytes));
  }
};

class DoctorTour final : public TotalsTour {
 public:
  explicit DoctorTour(const Configuration& configuration) noexcept : budget_bytes_(configuration.l1_bytes) {}

  void conclude(Client&, RespWriter& reply) override {
    std::string text;
    if (totals_.evicted != 0) {
      text += "Items were evicted: " + std::to_string(totals_.evicted) + ". The data set is larger than the budget of " +
              human_bytes(budget_bytes_) + " (maxmemory, --l1_bytes).\n";
    }
    if (totals_.no_memory != 0) text += "Writes found no memory: " + std::to_string(totals_.no_memory) + ".\n";
    if (totals_.output_bytes > (std::uint64_t{64} << 20)) {
      text += "Replies of " + human_bytes(totals_.output_bytes) +
              " wait for clients that do not take them (client-output-buffer-limit).\n";
    }
    reply.verbatim("txt", text.empty() ? "No trouble found: nothing was evicted, and nobody found too little memory.\n" : text);
  }

 private:
  const std::size_t budget_bytes_;
};

class MallocTour final : public TotalsTour {
 public:
  void conclude(Client&, RespWriter& reply) override {
    std::string text;
    for (const CoreTotals& core : totals_.cores) {
      text += "core " + std::to_string(core.number) + ": " + std::to_string(core.memory_bytes) + " bytes, " +
              std::to_string(core.keys) + " items\n";
    }
    text += "index: " + std::to_string(totals_.index_bytes) + " bytes; L1: " + std::to_string(totals_.l1.bytes) + " bytes, live " +
            std::to_string(totals_.l1_live_bytes) + "; L2: " + std::to_string(totals_.l2.bytes) + " bytes\n";
    reply.verbatim("txt", text);
  }
};

}  // namespace

void memory_usage_command(Call& call) {
  for (std::size_t index = 3; index < call.arguments.size(); index += 2) {
    if (!protocol::equals_ignoring_case(call.arguments[index], "samples") || index + 1 == call.arguments.size()) {
      return call.reply.error(errors::kSyntax);
    }
    const auto samples = protocol::parse_int64(call.arguments[index + 1]);
    if (!samples) return call.reply.error(errors::kNotAnInteger);
    if (*samples < 0) return call.reply.error(errors::kSyntax);
  }
  const std::string_view key = call.arguments[2];
  const std::size_t bytes = call.data.keyspace_of(key).memory_usage(call.data.number(), key);
  if (bytes == 0) return call.reply.null();
  call.reply.integer(static_cast<std::int64_t>(bytes));
}

void memory_stats_command(Call& call) { call.client->travel(std::make_unique<StatsTour>()); }

void memory_doctor_command(Call& call) { call.client->travel(std::make_unique<DoctorTour>(call.server->configuration())); }

void memory_malloc_stats_command(Call& call) { call.client->travel(std::make_unique<MallocTour>()); }

// The cache gives back what it does not need by itself, piece by piece.
void memory_purge_command(Call& call) { call.reply.ok(); }

void memory_help_command(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "DOCTOR",
      "    Whether memory is short, in words.",
      "MALLOC-STATS",
      "    What the caches of the cores hold.",
      "PURGE",
      "    Nothing: memory is given back without being asked for.",
      "STATS",
      "    What memory is used for.",
      "USAGE <key> [SAMPLES <count>]",
      "    What a key takes, its share of the index included, in bytes.",
  });
  reply_help(call, kLines);
}

}  // namespace kv
