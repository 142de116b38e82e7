// STATS of memcached: the same numbers as INFO tells, by memcached's names.
//
// Read from the metrics of all cores, so it needs no other core's help: gauges are up to a tenth of a second old.
//
// Thread: the core of the client that asks.
#pragma once

#include <span>
#include <string_view>

#include "kv/protocol/memcached_writer.h"

namespace kv {

class Server;

// `words`: what follows "stats". Nothing, or settings, items, slabs, sizes, conns, reset; anything else is an error.
void write_memcached_stats(Server& server, std::span<const std::string_view> words, protocol::MemcachedWriter& reply);

}  // namespace kv
