// The sections of INFO, as text: the field names of Redis 7.0, as far as they mean something here, and two sections of our own, tiers
// and cores.
//
// What a client or an exporter looks for and this server has not (forks, replicas, scripts) is there with the value that says so.
//
// Thread: the client's core.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kv/commands/server_totals.h"

namespace kv {

struct InfoSection {
  std::string_view name;   // "server"
  std::string_view title;  // "Server"
  bool is_default;         // shown by INFO without arguments; all others by INFO all
  void (*write)(std::string& text, Server& server, const ServerTotals& totals);
};

std::span<const InfoSection> info_sections() noexcept;

// "1.50M", as INFO shows sizes to humans.
std::string human_bytes(std::uint64_t bytes);

}  // namespace kv
