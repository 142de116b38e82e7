// The parameters of CONFIG: by Redis's names, read from and written to a Configuration.
//
// Two kinds: those that mean something here, and those that clients and tools expect to find. The latter are checked as Redis checks them,
// and remembered, but change nothing.
//
// Thread: any; the Configuration is the caller's.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kv/server/configuration.h"

namespace kv {

struct Parameter {
  std::string_view name;
  std::string (*get)(const Configuration& configuration, const Parameter& parameter) = nullptr;
  // Empty, or why the value is refused. Null: fixed at start.
  std::string (*set)(Configuration& configuration, const Parameter& parameter, std::string_view value) = nullptr;
  std::string_view initial = {};  // of those that are remembered
  std::string_view choices = {};  // of those that are one of several words, with ", " between
};

// Sorted by name.
std::span<const Parameter> parameters() noexcept;

// In any case; null: there is none.
const Parameter* find_parameter(std::string_view name) noexcept;

}  // namespace kv
