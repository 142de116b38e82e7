// RequestBatch: requests of one client that were parsed ahead, and how far they are done.
//
// Thread: the client's core; an Errand reads requests on another one while the client waits. Lifetime: borrowed from a pool of the server
// while a client has requests.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kv/commands/command.h"
#include "kv/protocol/argument_list.h"
#include "kv/server/errand.h"

namespace kv {

struct RequestBatch {
  static constexpr unsigned kRequestsMax = Errand::kCallsMax;

  bool is_done() const noexcept { return next == count; }
  const protocol::ArgumentList& current() const noexcept { return requests[next]; }

  std::array<protocol::ArgumentList, kRequestsMax> requests;
  std::array<const Command*, kRequestsMax> commands;  // of those that are on errands
  std::array<std::uint8_t, kRequestsMax> cores;       // the same: where they are carried out
  std::vector<Errand*> errands;                       // by core
  unsigned count = 0;
  unsigned next = 0;
  unsigned errands_end = 0;  // requests up to here are on errands
};

}  // namespace kv
