// MemcachedParser: finds the commands of memcached clients, text and meta, in received bytes.
//
//   command = word *( " " word ) [CR] LF              words are separated by blanks alone
//   storing = command bytes CRLF                      set add replace append prepend cas ms: as many bytes as the command says
//
// Like RespParser it sees one command at a time, from its first byte, in memory that lies together, and does not look at anything
// twice. Commands that cannot be understood are refused with the texts of memcached 1.6.18 and the stream goes on: behind the line, or
// behind the value where memcached passes over it.
//
// Values have their length announced by the client and are limited by value_bytes_max: larger ones are passed over, and refused.
//
// Thread: any one. Lifetime: see MemcachedRequest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kv/protocol/memcached_request.h"
#include "kv/protocol/outcome.h"

namespace kv::protocol {

struct MemcachedLimits {
  std::size_t line_bytes_max = 2048;                      // without its end
  std::size_t get_line_bytes_max = std::size_t{1} << 20;  // of get and gets, whose keys may be many
  std::size_t value_bytes_max = std::size_t{1} << 20;
  std::size_t landing_bytes_min = std::size_t{32} << 10;
};

class MemcachedParser {
 public:
  using Request = MemcachedRequest;

  explicit MemcachedParser(const MemcachedLimits& limits = {}) noexcept : limits_(limits) {}

  // As RespParser. `refused`: error() is the answer, empty if the client wants none, and swallow_bytes() are to be passed over behind
  // request_bytes(). `broken`: a line without an end, which memcached hangs up on without an answer.
  Outcome parse(std::string_view bytes, MemcachedRequest& request);
  std::size_t request_bytes() const noexcept { return request_bytes_; }
  std::string_view error() const noexcept { return error_; }
  std::size_t swallow_bytes() const noexcept { return swallow_bytes_; }

  static constexpr std::size_t take_skipped() noexcept { return 0; }
  std::size_t wanted(std::string_view rest) const noexcept;
  void on_moved(const char* from, const char* to, MemcachedRequest& request) const noexcept;

  std::size_t value_bytes() const noexcept { return value_bytes_; }
  std::size_t value_begin() const noexcept { return line_bytes_; }
  void on_landed(std::string_view value, MemcachedRequest& request) noexcept;
  void decline_landing() noexcept { landing_declined_ = true; }
  void abandon() noexcept { reset(); }
  static constexpr void forget_copies() noexcept {}

 private:
  enum class Phase : std::uint8_t { line, value, value_end };

  Outcome find_line(std::string_view bytes, std::string_view& line);
  Outcome parse_value(std::string_view bytes, MemcachedRequest& request);
  Outcome finish(std::size_t bytes) noexcept;
  void reset() noexcept;

  MemcachedLimits limits_;
  Phase phase_ = Phase::line;
  bool landing_declined_ = false;
  std::size_t searched_ = 0;    // bytes that hold no LF; in a value: bytes of it that are there
  std::size_t line_bytes_ = 0;  // of the command, its end included
  std::size_t value_bytes_ = 0;
  std::size_t request_bytes_ = 0;
  std::size_t swallow_bytes_ = 0;
  std::string_view error_;
};

}  // namespace kv::protocol
