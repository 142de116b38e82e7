// Requests as bytes, and replies judged byte by byte.
//
//   RESP:       *2 CRLF $3 CRLF GET CRLF $16 CRLF key CRLF            -> $64 CRLF value CRLF, or $-1 CRLF
//               *3 CRLF $3 CRLF SET CRLF $16 CRLF key CRLF $64 CRLF value CRLF -> +OK CRLF
//   memcached:  get key CRLF -> VALUE key 0 64 CRLF value CRLF END CRLF, or END CRLF
//               set key 0 0 64 CRLF value CRLF -> STORED CRLF
//   echo:       value -> the same
//
// A ReplyReader takes replies in any pieces. Values are compared where they lie and never put together.
// Thread: one. Source: redis.io/docs/reference/protocol-spec, memcached's protocol.txt, RFC 862.
#pragma once

#include <cstdint>
#include <vector>

#include "corering/base/bytes.h"
#include "load/keys.h"
#include "load/options.h"
#include "load/out_buffer.h"

namespace load {

enum class Operation : std::uint8_t { get, set, echo };

struct Request {
  std::int64_t start_ns = 0;  // when it was to be sent
  std::int64_t sent_ns = 0;   // when it was
  std::uint64_t key = 0;
  Operation operation = Operation::echo;
};

// Appends the request to `out`.
void append_request(Protocol protocol, const Dataset& dataset, const Request& request, OutBuffer& out);

enum class Verdict : std::uint8_t {
  incomplete,   // all bytes are taken, more have to come
  good,         // what it had to be
  miss,         // the key is not there
  error_reply,  // the server says that it could not
  wrong_value,  // not the bytes that belong to the key
  malformed,    // not a reply of this protocol: nothing behind it can be understood
};

class ReplyReader {
 public:
  ReplyReader(Protocol protocol, const Dataset& dataset) : protocol_(protocol), dataset_(dataset) {}

  // Takes bytes of the reply to `request` off the front of `bytes`. Call it with the same request until the verdict is another
  // than incomplete, then with the next.
  Verdict read(corering::base::ByteView& bytes, const Request& request);

  // For a new connection.
  void reset() noexcept;

 private:
  static constexpr std::size_t kLineBytesMax = 512;
  enum class Part : std::uint8_t { line, value, value_end, closing_line };

  bool take_line(corering::base::ByteView& bytes);
  Verdict on_line(const Request& request);
  Verdict on_resp_line(const Request& request);
  Verdict on_memcached_line(const Request& request);
  Verdict begin_value(std::string_view length_text, const Request& request);
  void compare(corering::base::ByteView& bytes, const Request& request);
  Verdict end_reply() noexcept;

  const Protocol protocol_;
  const Dataset& dataset_;
  Part part_ = Part::line;
  bool differs_ = false;  // the value so far
  bool line_is_too_long_ = false;
  std::uint64_t value_bytes_ = 0;  // announced
  std::uint64_t value_taken_ = 0;
  std::string_view line_;       // without its end: in the caller's bytes or in carry_
  std::vector<char> carry_;     // the beginning of a line whose rest has not come
  std::uint8_t end_taken_ = 0;  // of CR LF behind a value
};

}  // namespace load
