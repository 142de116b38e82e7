// Limits of RESP requests, in one place. The defaults are Redis 7.0's, apart from the number of arguments.
#pragma once

#include <cstddef>

namespace kv::protocol {

struct RespLimits {
  std::size_t line_bytes_max = std::size_t{64} << 10;  // an inline request, or a line with a length, without its end
  std::size_t bulk_bytes_max = std::size_t{512} << 20;
  std::size_t arguments_max = std::size_t{1} << 20;

  // For clients that have not authenticated, and have to.
  std::size_t stranger_arguments_max = 10;
  std::size_t stranger_bulk_bytes_max = std::size_t{16} << 10;

  // A bulk of at least so many bytes that is not all there is offered for landing.
  std::size_t landing_bytes_min = std::size_t{32} << 10;
};

}  // namespace kv::protocol
