#include "corering/net/http_session.h"

#include <algorithm>

namespace corering::net {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{16} << 10;

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

// Nothing is fetched from elsewhere, kept, or framed by anybody.
constexpr std::string_view kFixedHeaders =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; connect-src 'self'; img-src data:; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n";

std::string head_of(const HttpResponse& response, bool is_last) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head += reason(response.status);
  head += "\r\nContent-Type: " + response.content_type;
  head += "\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (response.status == 405) head += "Allow: GET, HEAD\r\n";
  head += is_last ? "Connection: close\r\n" : "";
  head += kFixedHeaders;
  return head + "\r\n";
}

}  // namespace

HttpSession::~HttpSession() { connection_.transport().core().timers().stop(head_timer_); }

void HttpSession::on_data(Connection&) { serve(); }

void HttpSession::on_drain(Connection&) { serve(); }

void HttpSession::on_end(Connection& connection) {
  has_ended_ = true;
  serve();
  if (output_.empty()) connection.finish();
}

// Never more than one head: the rest stays with the connection, which stops reading when it holds enough.
void HttpSession::take_input() {
  SliceQueue& input = connection_.input();
  while (!input.empty() && input_.size() < kHttpHeadBytesMax) {
    const base::ByteView bytes = input.front();
    const std::size_t count = std::min(bytes.size(), kHttpHeadBytesMax - input_.size());
    input_.append(reinterpret_cast<const char*>(bytes.data()), count);
    input.consume(count);
  }
}

void HttpSession::serve() {
  while (leave() && !is_last_) {
    take_input();
    const HttpParse parse = parse_http_request(input_);
    if (parse.outcome == HttpParse::Outcome::incomplete) return has_ended_ ? connection_.finish() : await_head();
    answer(parse);
  }
}

void HttpSession::answer(const HttpParse& parse) {
  connection_.transport().core().timers().stop(head_timer_);
  const bool is_request = parse.outcome == HttpParse::Outcome::request;
  HttpResponse response;
  if (is_request) {
    response = handler_(parse.request.path);
  } else {
    response = {.status = parse.status, .body = std::string(reason(parse.status)) + "\n"};
  }
  is_last_ = !is_request || parse.request.keep_alive == HttpKeepAlive::no || ++requests_ >= kRequestsMax;
  output_ = head_of(response, is_last_);
  if (!is_request || parse.request.method == HttpMethod::get) output_ += response.body;
  input_.erase(0, is_request ? parse.bytes : input_.size());
}

// Sends as much of the answer as there is room for. True when all of it has left.
bool HttpSession::leave() {
  while (left_ < output_.size()) {
    if (connection_.is_above_high_mark()) return false;
    const auto piece = std::string_view(output_).substr(left_, std::min(kPieceBytes, connection_.write_bytes_max()));
    if (!connection_.try_write(base::bytes_of(piece))) return false;
    left_ += piece.size();
  }
  output_.clear();
  left_ = 0;
  if (is_last_) connection_.finish();
  return true;
}

void HttpSession::await_head() {
  if (input_.empty() || head_timer_.is_running()) return;
  runtime::Core& core = connection_.transport().core();
  core.timers().start(head_timer_, core.now() + kHeadTimeout);
}

void HttpSession::on_head_timeout() {
  connection_.transport().counters().timed_out.add();
  connection_.abort();
}

}  // namespace corering::net
