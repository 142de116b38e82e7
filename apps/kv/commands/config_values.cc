#include "kv/commands/config_values.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kv/commands/config_parameters.h"
#include "kv/protocol/ascii.h"
#include "kv/protocol/number.h"
#include "kv/server/eviction_policies.h"

namespace kv {

namespace {

using protocol::equals_ignoring_case;

constexpr std::string_view kNotAnInteger = "argument couldn't be parsed into an integer";
constexpr std::string_view kNotBytes = "argument must be a memory value";
constexpr std::size_t kL1BytesMin = std::size_t{1} << 20;  // of a core

std::string range_error(std::int64_t least, std::int64_t most) {
  return "argument must be between " + std::to_string(least) + " and " + std::to_string(most) + " inclusive";
}

std::string choice_error(std::string_view choices) { return "argument(s) must be one of the following: " + std::string(choices); }

// Empty: `number` has it.
std::string read_number(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& number) {
  const auto read = protocol::parse_int64(text);
  if (!read) return std::string(kNotAnInteger);
  if (*read < least || *read > most) return range_error(least, most);
  number = *read;
  return {};
}

// "100", "64mb", "1g": b, k, m and g are powers of 1000, kb, mb and gb of 1024.
std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  static constexpr auto kUnits = std::to_array<Unit>({{"", 1},
                                                      {"b", 1},
                                                      {"k", 1000},
                                                      {"kb", 1024},
                                                      {"m", 1000 * 1000},
                                                      {"mb", 1024 * 1024},
                                                      {"g", 1000 * 1000 * 1000},
                                                      {"gb", 1024 * 1024 * 1024}});
  std::size_t digits = 0;
  while (digits < text.size() && protocol::is_digit(text[digits])) ++digits;
  std::uint64_t number = 0;
  for (const char digit : text.substr(0, digits)) {
    if (number > (std::numeric_limits<std::uint64_t>::max() - 9) / 10) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (digits == 0) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (!equals_ignoring_case(unit.name, text.substr(digits))) continue;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.bytes) return std::nullopt;
    return number * unit.bytes;
  }
  return std::nullopt;
}

std::string read_bytes(std::string_view text, std::uint64_t least, std::uint64_t most, std::size_t& bytes) {
  const auto read = parse_bytes(text);
  if (!read) return std::string(kNotBytes);
  if (*read < least || *read > most) return range_error(static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
  bytes = static_cast<std::size_t>(*read);
  return {};
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string remember(Configuration& configuration, const Parameter& parameter, std::string_view value) {
  configuration.remembered.insert_or_assign(std::string(parameter.name), std::string(value));
  return {};
}

std::string text_of(const OutputLimit& limit) {
  return std::to_string(limit.hard_bytes) + " " + std::to_string(limit.soft_bytes) + " " + std::to_string(limit.soft_seconds);
}

std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

}  // namespace

// --- what means something

std::string get_bind(const Configuration& configuration, const Parameter&) { return configuration.bind; }
std::string get_port(const Configuration& configuration, const Parameter&) { return std::to_string(configuration.port); }
std::string get_unix_socket(const Configuration& configuration, const Parameter&) { return configuration.unix_socket; }
std::string get_databases(const Configuration& configuration, const Parameter&) { return std::to_string(configuration.databases); }
std::string get_cluster(const Configuration& configuration, const Parameter&) { return yes_or_no(configuration.cluster_mode); }
std::string get_debug(const Configuration& configuration, const Parameter&) { return yes_or_no(configuration.debug_commands); }
std::string get_clients_max(const Configuration& configuration, const Parameter&) {
  return std::to_string(configuration.clients_max);
}

std::string get_memory(const Configuration& configuration, const Parameter&) { return std::to_string(configuration.l1_bytes); }
std::string set_memory(Configuration& configuration, const Parameter&, std::string_view value) {
  const auto bytes = parse_bytes(value);
  if (!bytes) return std::string(kNotBytes);
  // A cache has always a budget: "none" is the one that the server began with.
  const std::uint64_t wanted = *bytes == 0 ? configuration.l1_bytes_at_start : *bytes;
  const std::size_t least = kL1BytesMin * configuration.cores;
  if (wanted < least) return "argument must be 0 or at least " + std::to_string(least) + ", 1mb for each core";
  configuration.l1_bytes = static_cast<std::size_t>(wanted);
  return {};
}

std::string get_policy(const Configuration& configuration, const Parameter&) { return configuration.eviction; }
std::string set_policy(Configuration& configuration, const Parameter&, std::string_view value) {
  for (const std::string_view policy : kEvictionPolicies) {
    if (!equals_ignoring_case(policy, value)) continue;
    if (policy == "noeviction" && (configuration.l2_bytes != 0 || configuration.l3_bytes != 0)) {
      return "tiers below L1 forget when they are full: noeviction needs a server without --l2_bytes and --l3_path";
    }
    configuration.eviction = policy;
    return {};
  }
  return choice_error(eviction_policy_list());
}

std::string get_password(const Configuration& configuration, const Parameter&) { return configuration.password; }
std::string set_password(Configuration& configuration, const Parameter&, std::string_view value) {
  configuration.password = value;
  return {};
}

std::string get_slowlog_us(const Configuration& configuration, const Parameter&) {
  return std::to_string(configuration.slowlog_us);
}
std::string set_slowlog_us(Configuration& configuration, const Parameter&, std::string_view value) {
  return read_number(value, -1, kMost, configuration.slowlog_us);
}

std::string get_slowlog_count(const Configuration& configuration, const Parameter&) {
  return std::to_string(configuration.slowlog_count_max);
}
std::string set_slowlog_count(Configuration& configuration, const Parameter&, std::string_view value) {
  std::int64_t count = 0;
  std::string error = read_number(value, 0, kMost, count);
  if (error.empty()) configuration.slowlog_count_max = static_cast<std::size_t>(count);
  return error;
}

std::string get_latency(const Configuration& configuration, const Parameter&) {
  return std::to_string(configuration.latency_threshold_ms);
}
std::string set_latency(Configuration& configuration, const Parameter&, std::string_view value) {
  return read_number(value, 0, kMost, configuration.latency_threshold_ms);
}

std::string get_value_bytes(const Configuration& configuration, const Parameter&) {
  return std::to_string(configuration.value_bytes_max);
}
std::string set_value_bytes(Configuration& configuration, const Parameter&, std::string_view value) {
  return read_bytes(value, std::uint64_t{1} << 20, std::uint64_t{512} << 20, configuration.value_bytes_max);
}

std::string get_timeout(const Configuration& configuration, const Parameter&) { return std::to_string(configuration.timeout_s); }
std::string set_timeout(Configuration& configuration, const Parameter&, std::string_view value) {
  std::int64_t seconds = 0;
  std::string error = read_number(value, 0, std::numeric_limits<std::int32_t>::max(), seconds);
  if (error.empty()) configuration.timeout_s = static_cast<std::uint32_t>(seconds);
  return error;
}

// There are no replicas here: their limit is as Redis has it, and never used.
std::string get_output_limits(const Configuration& configuration, const Parameter&) {
  return "normal " + text_of(configuration.normal_limit) + " slave 268435456 67108864 60 pubsub " +
         text_of(configuration.pubsub_limit);
}
std::string set_output_limits(Configuration& configuration, const Parameter&, std::string_view value) {
  const std::vector<std::string_view> words = words_of(value);
  if (words.empty() || words.size() % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
  for (std::size_t index = 0; index < words.size(); index += 4) {
    const bool is_replica = equals_ignoring_case(words[index], "slave") || equals_ignoring_case(words[index], "replica");
    const bool is_pubsub = equals_ignoring_case(words[index], "pubsub");
    if (!is_replica && !is_pubsub && !equals_ignoring_case(words[index], "normal")) {
      return "Invalid client class specified in buffer limit configuration.";
    }
    const auto hard = parse_bytes(words[index + 1]);
    const auto soft = parse_bytes(words[index + 2]);
    const auto seconds = protocol::parse_int64(words[index + 3]);
    if (!hard || !soft || !seconds || *seconds < 0 || *seconds > std::numeric_limits<std::int32_t>::max()) {
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    }
    if (is_replica) continue;
    OutputLimit& limit = is_pubsub ? configuration.pubsub_limit : configuration.normal_limit;
    limit = {static_cast<std::size_t>(*hard), static_cast<std::size_t>(*soft), static_cast<std::uint32_t>(*seconds)};
  }
  return {};
}

// --- what is remembered

std::string get_remembered(const Configuration& configuration, const Parameter& parameter) {
  const auto found = configuration.remembered.find(parameter.name);
  return found == configuration.remembered.end() ? std::string(parameter.initial) : found->second;
}

std::string set_text(Configuration& configuration, const Parameter& parameter, std::string_view value) {
  return remember(configuration, parameter, value);
}

std::string set_flag(Configuration& configuration, const Parameter& parameter, std::string_view value) {
  if (equals_ignoring_case(value, "yes")) return remember(configuration, parameter, "yes");
  if (equals_ignoring_case(value, "no")) return remember(configuration, parameter, "no");
  return "argument must be 'yes' or 'no'";
}

// There is no log of commands, and no client shall believe that there is one.
std::string set_off(Configuration&, const Parameter& parameter, std::string_view value) {
  if (equals_ignoring_case(value, "no")) return {};
  if (!equals_ignoring_case(value, "yes")) return "argument must be 'yes' or 'no'";
  return std::string(parameter.name) + " is not supported: the file tier (--l3_path) keeps what is stored";
}

std::string set_number(Configuration& configuration, const Parameter& parameter, std::string_view value) {
  std::int64_t number = 0;
  std::string error = read_number(value, std::numeric_limits<std::int64_t>::min(), kMost, number);
  return error.empty() ? remember(configuration, parameter, value) : error;
}

std::string set_remembered_bytes(Configuration& configuration, const Parameter& parameter, std::string_view value) {
  const auto bytes = parse_bytes(value);
  return bytes ? remember(configuration, parameter, std::to_string(*bytes)) : std::string(kNotBytes);
}

std::string set_choice(Configuration& configuration, const Parameter& parameter, std::string_view value) {
  for (std::string_view rest = parameter.choices; !rest.empty();) {
    const std::size_t end = std::min(rest.find(", "), rest.size());
    if (equals_ignoring_case(rest.substr(0, end), value)) return remember(configuration, parameter, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return choice_error(parameter.choices);
}

// "3600 1 300 100", or nothing. What is stored reaches the file by --l3_sync_ms, not by these.
std::string set_save(Configuration& configuration, const Parameter& parameter, std::string_view value) {
  const std::vector<std::string_view> words = words_of(value);
  bool is_sound = words.size() % 2 == 0;
  for (std::size_t index = 0; is_sound && index < words.size(); ++index) {
    const auto number = protocol::parse_int64(words[index]);
    is_sound = number && *number >= (index % 2 == 0 ? 1 : 0);
  }
  return is_sound ? remember(configuration, parameter, value) : "Invalid save parameters";
}

}  // namespace kv
