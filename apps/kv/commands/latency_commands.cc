// LATENCY: what took long, on all cores.

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kv/commands/command.h"
#include "kv/commands/help.h"
#include "kv/commands/server_commands.h"
#include "kv/commands/server_totals.h"
#include "kv/protocol/ascii.h"
#include "kv/server/server.h"

namespace kv {

namespace {

using Events = std::map<std::string, LatencyEvent, std::less<>>;

// The events of all cores, as if they had happened on one.
class EventsTour : public Tour {
 public:
  void visit(Server& there) override {
    for (const auto& [name, event] : there.statistics().latencies.events()) {
      LatencyEvent& joined = events_[name];
      joined.took_ms_max = std::max(joined.took_ms_max, event.took_ms_max);
      for (const LatencySample& sample : event.samples) joined.samples.push_back(sample);
    }
  }

 protected:
  // In the order of time, one per second.
  const Events& events() {
    for (auto& [name, event] : events_) {
      std::ranges::stable_sort(event.samples, {}, &LatencySample::at_s);
      LatencyEvent tidy;
      tidy.took_ms_max = event.took_ms_max;
      for (const LatencySample& sample : event.samples) LatencyLog::add(tidy, sample);
      event = std::move(tidy);
    }
    return events_;
  }

 private:
  Events events_;
};

class LatestTour final : public EventsTour {
 public:
  void conclude(Client&, protocol::RespWriter& reply) override {
    reply.array(events().size());
    for (const auto& [name, event] : events()) {
      reply.array(4);
      reply.bulk(name);
      reply.integer(event.samples.back().at_s);
      reply.integer(event.samples.back().took_ms);
      reply.integer(event.took_ms_max);
    }
  }
};

class HistoryTour final : public EventsTour {
 public:
  explicit HistoryTour(std::string_view name) : name_(name) {}
  void conclude(Client&, protocol::RespWriter& reply) override {
    const auto found = events().find(name_);
    if (found == events().end()) return reply.array(0);
    reply.array(found->second.samples.size());
    for (const LatencySample& sample : found->second.samples) {
      reply.array(2);
      reply.integer(sample.at_s);
      reply.integer(sample.took_ms);
    }
  }

 private:
  const std::string name_;
};

// One column per sample, the tallest at the top, the age of each below.
std::string graph_of(const std::string& name, const LatencyEvent& event, std::int64_t now_s) {
  static constexpr int kRows = 4;
  static constexpr std::size_t kColumns = 80;
  const auto& samples = event.samples;
  const std::size_t first = samples.size() > kColumns ? samples.size() - kColumns : 0;
  std::int64_t least = samples[first].took_ms;
  std::int64_t most = least;
  for (std::size_t index = first; index < samples.size(); ++index) {
    least = std::min(least, samples[index].took_ms);
    most = std::max(most, samples[index].took_ms);
  }
  std::string text = name + " - high " + std::to_string(most) + " ms, low " + std::to_string(least) + " ms (all time high " +
                     std::to_string(event.took_ms_max) + " ms)\n" + std::string(kColumns, '-') + "\n";
  for (int row = kRows; row > 0; --row) {
    for (std::size_t index = first; index < samples.size(); ++index) {
      const std::int64_t height = most == least ? kRows : 1 + (samples[index].took_ms - least) * (kRows - 1) / (most - least);
      text += height == row ? '#' : height > row ? '|' : ' ';
    }
    text += '\n';
  }
  std::vector<std::string> ages;
  for (std::size_t index = first; index < samples.size(); ++index) {
    const std::int64_t age_s = std::max<std::int64_t>(now_s - samples[index].at_s, 0);
    ages.push_back(age_s < 60      ? std::to_string(age_s) + "s"
                   : age_s < 3600  ? std::to_string(age_s / 60) + "m"
                   : age_s < 86400 ? std::to_string(age_s / 3600) + "h"
                                   : std::to_string(age_s / 86400) + "d");
  }
  for (std::size_t place = 0; std::ranges::any_of(ages, [place](const std::string& age) { return place < age.size(); }); ++place) {
    text += '\n';
    for (const std::string& age : ages) text += place < age.size() ? age[place] : ' ';
  }
  return text + "\n";
}

class GraphTour final : public EventsTour {
 public:
  GraphTour(std::string_view name, std::int64_t now_s) : name_(name), now_s_(now_s) {}
  void conclude(Client&, protocol::RespWriter& reply) override {
    const auto found = events().find(name_);
    if (found == events().end()) return reply.error("ERR No samples available for event '" + name_ + "'");
    reply.verbatim("txt", graph_of(name_, found->second, now_s_));
  }

 private:
  const std::string name_;
  const std::int64_t now_s_;
};

class DoctorTour final : public EventsTour {
 public:
  explicit DoctorTour(std::int64_t threshold_ms) noexcept : threshold_ms_(threshold_ms) {}
  void conclude(Client&, protocol::RespWriter& reply) override {
    if (threshold_ms_ == 0) {
      return reply.verbatim(
          "txt",
          "Latencies are not watched. CONFIG SET latency-monitor-threshold <milliseconds> begins to note what takes "
          "longer than that.\n");
    }
    if (events().empty()) {
      return reply.verbatim("txt", "Nothing has taken " + std::to_string(threshold_ms_) + " ms or longer since it is watched.\n");
    }
    std::string text;
    for (const auto& [name, event] : events()) {
      std::int64_t sum_ms = 0;
      for (const LatencySample& sample : event.samples) sum_ms += sample.took_ms;
      text += name + ": " + std::to_string(event.samples.size()) + " seconds with latencies, mean " +
              std::to_string(sum_ms / static_cast<std::int64_t>(event.samples.size())) + " ms, worst of all " +
              std::to_string(event.took_ms_max) + " ms\n";
    }
    text += "SLOWLOG GET names the commands. Commands on many keys (KEYS, MGET, DEL of large values) are the usual cause.\n";
    reply.verbatim("txt", text);
  }

 private:
  const std::int64_t threshold_ms_;
};

class ForgetTour final : public Tour {
 public:
  explicit ForgetTour(std::vector<std::string> names) : names_(std::move(names)) {}
  void visit(Server& there) override {
    LatencyLog& latencies = there.statistics().latencies;
    std::vector<std::string> names = names_;
    if (names.empty()) {
      for (const auto& [name, event] : latencies.events()) names.push_back(name);
    }
    for (const std::string& name : names) {
      if (latencies.forget(name)) forgotten_[name] = true;
    }
  }
  void conclude(Client&, protocol::RespWriter& reply) override { reply.integer(static_cast<std::int64_t>(forgotten_.size())); }

 private:
  const std::vector<std::string> names_;
  std::map<std::string, bool> forgotten_;
};

// Cumulative: how many calls took at most so long.
void reply_histogram(protocol::RespWriter& reply, const CommandStatistic& statistic) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> steps;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < CommandStatistic::kBuckets; ++bucket) {
    seen += statistic.histogram[bucket];
    if (statistic.histogram[bucket] != 0) steps.emplace_back(std::uint64_t{1} << bucket, seen);
  }
  reply.map(2);
  reply.bulk("calls");
  reply.integer(static_cast<std::int64_t>(statistic.measured_calls));
  reply.bulk("histogram_usec");
  reply.map(steps.size());
  for (const auto& [us, count] : steps) {
    reply.integer(static_cast<std::int64_t>(us));
    reply.integer(static_cast<std::int64_t>(count));
  }
}

class HistogramTour final : public Tour {
 public:
  explicit HistogramTour(std::vector<std::string> names) : names_(std::move(names)) {}

  void visit(Server& there) override {
    for (const auto& [command, statistic] : there.statistics().by_command.commands()) {
      if (statistic.measured_calls != 0 && is_wanted(command->name)) found_[command->name].add(statistic);
    }
  }

  void conclude(Client&, protocol::RespWriter& reply) override {
    reply.map(found_.size());
    for (const auto& [name, statistic] : found_) {
      reply.bulk(name);
      reply_histogram(reply, statistic);
    }
  }

 private:
  // A command with subcommands stands for all of them.
  bool is_wanted(std::string_view name) const {
    return names_.empty() || std::ranges::any_of(names_, [name](const std::string& wanted) {
             return protocol::equals_ignoring_case(wanted, name) ||
                    protocol::equals_ignoring_case(wanted, name.substr(0, name.find('|')));
           });
  }

  const std::vector<std::string> names_;
  std::map<std::string_view, CommandStatistic> found_;
};

std::vector<std::string> names_of(Call& call) {
  const auto names = call.arguments.subspan(2);
  return {names.begin(), names.end()};
}

}  // namespace

void latency_latest_command(Call& call) { call.client->travel(std::make_unique<LatestTour>()); }

void latency_history_command(Call& call) { call.client->travel(std::make_unique<HistoryTour>(call.arguments[2])); }

void latency_graph_command(Call& call) { call.client->travel(std::make_unique<GraphTour>(call.arguments[2], call.now_ms / 1000)); }

void latency_doctor_command(Call& call) {
  call.client->travel(std::make_unique<DoctorTour>(call.server->configuration().latency_threshold_ms));
}

void latency_reset_command(Call& call) { call.client->travel(std::make_unique<ForgetTour>(names_of(call))); }

void latency_histogram_command(Call& call) { call.client->travel(std::make_unique<HistogramTour>(names_of(call))); }

void latency_help_command(Call& call) {
  static constexpr auto kLines = std::to_array<std::string_view>({
      "DOCTOR",
      "    What is known of latencies, in words.",
      "GRAPH <event>",
      "    The latest samples of an event, drawn.",
      "HISTORY <event>",
      "    The latest samples of an event.",
      "LATEST",
      "    The last sample, and the worst, of every event.",
      "RESET [<event> ...]",
      "    Forget the samples of these events, or of all.",
      "HISTOGRAM [<command> ...]",
      "    How long calls took, of these commands or of all: cumulative, in powers of two microseconds.",
  });
  reply_help(call, kLines);
}

}  // namespace kv
