// RespParser: finds the requests of RESP clients in received bytes.
//
// A request is an array of bulk strings, in RESP2 and RESP3 alike, or a line (inline_request.h):
//
//   request = "*" count CRLF *( "$" length CRLF bytes CRLF )      count <= 0: an empty request
//           | line [CR] LF
//
// Every CRLF is strict, also the one behind a bulk, which Redis does not look at. Empty requests are passed over, as they get no
// answer.
//
// It sees one request at a time, always from the request's first byte, in memory that lies together; RequestReader sees to that. What
// it has understood it does not look at again, so a request that comes byte by byte costs no more than one that comes at once, and a
// request that is there as a whole costs one pass without an allocation.
//
// Errors: the texts are those of Redis 7.0, for one problem always the same one, however the bytes were cut.
//
// Thread: any one. Lifetime: arguments are views of what was parsed; those that had quotes live until forget_copies().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/protocol/argument_list.h"
#include "kv/protocol/outcome.h"
#include "kv/protocol/resp_limits.h"

namespace kv::protocol {

// Whether a client may send what the stranger limits forbid.
enum class Trust : bool { stranger, trusted };

class RespParser {
 public:
  using Request = ArgumentList;

  explicit RespParser(const RespLimits& limits = {}) noexcept : limits_(limits) { set_trust(Trust::trusted); }

  void set_trust(Trust trust) noexcept;

  // Parses one request. `bytes` begins with its first byte; after `incomplete` and `value` the same bytes come again, and more, and the
  // same list. `request`: request_bytes() tells how many it took.
  Outcome parse(std::string_view bytes, ArgumentList& arguments) {
    if (phase_ == Phase::start && small_is_allowed_) {
      if (const std::size_t taken = parse_small(bytes, arguments)) {
        request_bytes_ = taken;
        searched_ = 0;
        return is_intruder(arguments) ? Outcome::intruder : Outcome::request;
      }
    }
    return parse_on(bytes, arguments);
  }
  std::size_t request_bytes() const noexcept { return request_bytes_; }

  // After `incomplete`: how many bytes were empty requests, and need not come again.
  std::size_t take_skipped() noexcept { return phase_ == Phase::start ? std::exchange(cursor_, 0) : 0; }

  // After `incomplete`: how many of `rest`, the bytes that follow, belong to this request for certain. At least 1 if there are any.
  std::size_t wanted(std::string_view rest) const noexcept;

  // After `incomplete` or `value`: the bytes parsed so far lie somewhere else now.
  void on_moved(const char* from, const char* to, ArgumentList& arguments) const noexcept;

  // After `value`: the size of the bulk that begins, and the part of it that is in the bytes parsed.
  std::size_t value_bytes() const noexcept { return bulk_bytes_; }
  std::size_t value_begin() const noexcept { return cursor_; }

  // After `value`: arguments that are still to come, this one included.
  std::size_t arguments_left() const noexcept { return bulks_left_; }

  // After `value`: the bulk has gone elsewhere and becomes the next argument. The bytes of the next call end at value_begin(), and go
  // on with the CRLF behind the bulk.
  void on_landed(std::string_view value, ArgumentList& arguments);

  // After `value`: let it come like the rest of the request.
  void decline_landing() noexcept { landing_declined_ = true; }

  // After `broken`: what Redis answers, e.g. "Protocol error: invalid bulk length". A refused request there is none.
  std::string_view error() const noexcept { return error_; }
  static constexpr std::size_t swallow_bytes() noexcept { return 0; }

  void forget_copies() noexcept {
    if (!unquoted_.empty()) unquoted_.clear();
  }

 private:
  enum class Phase : std::uint8_t { start, bulk_header, bulk, bulk_end };

  static std::size_t parse_small(std::string_view bytes, ArgumentList& arguments) noexcept;
  static bool is_intruder(const ArgumentList& arguments) noexcept;
  Outcome parse_on(std::string_view bytes, ArgumentList& arguments);
  Outcome parse_line(std::string_view bytes, ArgumentList& arguments);
  Outcome parse_bulks(std::string_view bytes, ArgumentList& arguments);
  Outcome take_count(std::string_view digits, ArgumentList& arguments);
  Outcome take_bulk_header(std::string_view line);
  Outcome find_line(std::string_view bytes, std::string_view too_big, std::string_view& line);
  Outcome finish(std::size_t bytes, const ArgumentList& arguments) noexcept;
  Outcome break_with(std::string text);

  RespLimits limits_;
  Trust trust_ = Trust::trusted;
  Phase phase_ = Phase::start;
  bool landing_declined_ = false;
  bool small_is_allowed_ = false;  // nothing that parse_small takes exceeds the limits
  std::size_t cursor_ = 0;         // the first byte that is not understood
  std::size_t searched_ = 0;       // bytes behind it that were looked at: they hold no end of a line, or are part of a bulk
  std::size_t bulks_left_ = 0;
  std::size_t bulk_bytes_ = 0;
  std::size_t request_bytes_ = 0;
  std::string error_;
  std::vector<std::unique_ptr<char[]>> unquoted_;
};

}  // namespace kv::protocol
