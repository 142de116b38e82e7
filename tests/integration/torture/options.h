// The command line of echo_torture.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

namespace corering::torture {

struct Options {
  std::uint64_t port = 0;
  std::string unix_socket;  // instead of a port
  std::uint64_t connections = 1'000;
  std::uint64_t seconds = 30;
  std::optional<std::uint64_t> seed;
  std::uint64_t message_bytes_max = 1'048'576;
};

extern const char* const kUsage;

// Errors: one line that names the flag.
std::expected<Options, std::string> parse_options(std::span<const char* const> arguments);

}  // namespace corering::torture
