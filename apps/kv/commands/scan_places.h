// What SCAN, KEYS and RANDOMKEY will meet of the file, before they run: see store/cold_names.h.
#pragma once

#include <span>
#include <string_view>

#include "kv/server/gathering.h"

namespace kv {

struct Command;

// The places in this keyspace whose names are not shown yet; nothing for other commands. Requires: cold.names() are shown.
void add_cold_places(const Command& command, std::span<const std::string_view> arguments, Keyspace& keyspace, unsigned database,
                     ColdKeys& cold);

}  // namespace kv
