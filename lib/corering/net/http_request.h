// HttpRequest: the head of an HTTP/1.1 request, for the admin endpoint. Not a web server's parser: what operators' tools send is
// understood, everything else refused.
//
// GET and HEAD without a body; at most kHttpHeadBytesMax bytes and 64 header lines; lines end with CR LF, names and values are
// visible characters, nothing is folded. A strict parser cannot be made to disagree with a proxy in front of it about where a
// request ends.
//
// Thread: any. Cost: no allocation; O(bytes). Source: RFC 9112 (HTTP/1.1), RFC 9110.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corering::net {

inline constexpr std::size_t kHttpHeadBytesMax = 4096;

enum class HttpMethod : std::uint8_t { get, head };
enum class HttpKeepAlive : std::uint8_t { no, yes };

struct HttpRequest {
  HttpMethod method = HttpMethod::get;
  std::string_view path;  // without the query; a view into the parsed bytes
  HttpKeepAlive keep_alive = HttpKeepAlive::no;
};

struct HttpParse {
  enum class Outcome : std::uint8_t { incomplete, request, refused };

  Outcome outcome = Outcome::incomplete;
  std::size_t bytes = 0;  // of a request: its length
  int status = 0;         // of a refusal: 400, 405, 413, 431, 501 or 505; nothing behind it can be understood
  HttpRequest request;
};

// Looks for one request at the front of `bytes`. What it says of a stream does not depend on where the stream was cut.
HttpParse parse_http_request(std::string_view bytes) noexcept;

}  // namespace corering::net
