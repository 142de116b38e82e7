#include "torture/options.h"

#include <array>
#include <charconv>
#include <string_view>

namespace corering::torture {
namespace {

struct Flag {
  std::string_view name;
  std::uint64_t Options::* value;
  std::uint64_t lowest;
  std::uint64_t highest;
};

constexpr std::array<Flag, 4> kNumbers = {{
    {"port", &Options::port, 1, 65'535},
    {"connections", &Options::connections, 1, 1'000'000},
    {"seconds", &Options::seconds, 1, 86'400},
    {"message_bytes_max", &Options::message_bytes_max, 1, 1 << 30},
}};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool assign(Options& options, std::string_view name, std::string_view text) {
  if (name == "unix_socket") {
    options.unix_socket = text;
    return !text.empty();
  }
  const auto number = parse_number(text);
  if (!number) return false;
  if (name == "seed") {
    options.seed = *number;
    return true;
  }
  for (const Flag& flag : kNumbers) {
    if (flag.name != name) continue;
    options.*flag.value = *number;
    return *number >= flag.lowest && *number <= flag.highest;
  }
  return false;
}

}  // namespace

const char* const kUsage =
    "usage: echo_torture --port=N | --unix_socket=PATH\n"
    "  [--connections=1000] [--seconds=30] [--seed=S] [--message_bytes_max=1048576]\n";

std::expected<Options, std::string> parse_options(std::span<const char* const> arguments) {
  Options options;
  for (const std::string_view argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (!argument.starts_with("--") || equals == argument.npos ||
        !assign(options, argument.substr(2, equals - 2), argument.substr(equals + 1))) {
      return std::unexpected("not a flag with a possible value: " + std::string(argument));
    }
  }
  if ((options.port == 0) == options.unix_socket.empty()) {
    return std::unexpected(std::string("one of --port and --unix_socket is needed"));
  }
  return options;
}

}  // namespace corering::torture
