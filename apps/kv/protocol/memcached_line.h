// One line of the memcached protocol, read into a request.
#pragma once

#include <cstddef>
#include <string_view>

#include "kv/protocol/memcached_request.h"

namespace kv::protocol {

enum class LineKind : std::uint8_t {
  complete,  // the command is all there
  storing,   // value_bytes of value follow
  refused,   // error is the answer
  closing,   // somebody speaks HTTP: hang up
};

struct LineResult {
  LineKind kind = LineKind::complete;
  std::size_t value_bytes = 0;  // storing. refused: of a value that follows nevertheless, with swallows
  bool swallows = false;        // refused, and a value of value_bytes follows
  std::string_view error;       // a text that never dies
};

// `line` without its end. Everything in `request` that belongs to the command is set.
LineResult parse_memcached_line(std::string_view line, MemcachedRequest& request);

}  // namespace kv::protocol
