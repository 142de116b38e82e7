#include "corering/net/http_request.h"

#include <algorithm>

namespace corering::net {

namespace {

constexpr std::size_t kPathBytesMax = 1024;
constexpr int kLinesMax = 64;

constexpr int kBadRequest = 400;
constexpr int kMethodNotAllowed = 405;
constexpr int kContentTooLarge = 413;
constexpr int kHeadTooLarge = 431;
constexpr int kNotImplemented = 501;
constexpr int kVersionNotSupported = 505;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// What the header lines have said so far.
struct Head {
  HttpRequest request;
  bool is_version_1_0 = false;
  int hosts = 0;
};

// "GET /metrics HTTP/1.1". 0, or the status of the refusal.
int parse_request_line(std::string_view line, Head& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return kBadRequest;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || !std::ranges::all_of(target, is_visible)) return kBadRequest;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return version.starts_with("HTTP/") ? kVersionNotSupported : kBadRequest;
  if (method != "GET" && method != "HEAD") return kMethodNotAllowed;
  if (!target.starts_with('/') || target.size() > kPathBytesMax) return kBadRequest;
  head.request.method = method == "GET" ? HttpMethod::get : HttpMethod::head;
  head.request.path = target.substr(0, target.find('?'));
  head.is_version_1_0 = version == "HTTP/1.0";
  head.request.keep_alive = head.is_version_1_0 ? HttpKeepAlive::no : HttpKeepAlive::yes;
  return 0;
}

void obey_connection(std::string_view value, Head& head) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(','), value.size());
    const std::string_view option = trimmed(value.substr(0, end));
    if (equals_ignoring_case(option, "close")) head.request.keep_alive = HttpKeepAlive::no;
    if (equals_ignoring_case(option, "keep-alive") && head.is_version_1_0) head.request.keep_alive = HttpKeepAlive::yes;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

// "Host: 127.0.0.1:9100".
int parse_header_line(std::string_view line, Head& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return kBadRequest;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  const auto is_allowed = [](char c) { return c == ' ' || c == '\t' || static_cast<unsigned char>(c) >= 0x80 || is_visible(c); };
  if (!std::ranges::all_of(value, is_allowed)) return kBadRequest;
  if (equals_ignoring_case(name, "transfer-encoding")) return kNotImplemented;
  if (equals_ignoring_case(name, "content-length") && value != "0") return kContentTooLarge;
  if (equals_ignoring_case(name, "host")) ++head.hosts;
  if (equals_ignoring_case(name, "connection")) obey_connection(value, head);
  return 0;
}

HttpParse refused(int status) { return {.outcome = HttpParse::Outcome::refused, .status = status}; }

HttpParse parse_head(std::string_view text, std::size_t bytes) {
  Head head;
  for (int number = 0; !text.empty(); ++number) {
    if (number > kLinesMax) return refused(kHeadTooLarge);
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    const int status = number == 0 ? parse_request_line(line, head) : parse_header_line(line, head);
    if (status != 0) return refused(status);
  }
  // RFC 9112, 3.2: exactly one, from HTTP/1.1 on.
  if (head.hosts > 1 || (head.hosts == 0 && !head.is_version_1_0)) return refused(kBadRequest);
  return {.outcome = HttpParse::Outcome::request, .bytes = bytes, .request = head.request};
}

}  // namespace

HttpParse parse_http_request(std::string_view bytes) noexcept {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = bytes.substr(0, kHttpHeadBytesMax).find(kEnd);
  if (end != std::string_view::npos) return parse_head(bytes.substr(0, end + 2), end + kEnd.size());
  return bytes.size() >= kHttpHeadBytesMax ? refused(kHeadTooLarge) : HttpParse{};
}

}  // namespace corering::net
