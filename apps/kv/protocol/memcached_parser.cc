#include "kv/protocol/memcached_parser.h"

#include <algorithm>
#include <cstring>

#include "kv/protocol/ascii.h"
#include "kv/protocol/memcached_errors.h"
#include "kv/protocol/memcached_line.h"

namespace kv::protocol {

namespace {

constexpr std::uint16_t kCrlf = '\r' | '\n' << 8;

bool is_get(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos || begin > 100) return false;
  line.remove_prefix(begin);
  return line.starts_with("get ") || line.starts_with("gets ");
}

}  // namespace

Outcome MemcachedParser::parse(std::string_view bytes, MemcachedRequest& request) {
  if (phase_ != Phase::line) return parse_value(bytes, request);
  std::string_view line;
  if (const Outcome outcome = find_line(bytes, line); outcome != Outcome::request) return outcome;
  const LineResult result = parse_memcached_line(line, request);
  error_ = result.error;
  swallow_bytes_ = 0;
  switch (result.kind) {
    case LineKind::complete: return finish(line_bytes_);
    case LineKind::closing: return Outcome::intruder;
    case LineKind::refused:
      if (result.swallows) swallow_bytes_ = result.value_bytes + 2;
      finish(line_bytes_);
      return Outcome::refused;
    case LineKind::storing: break;
  }
  if (result.value_bytes > limits_.value_bytes_max) {
    error_ = request.quiet && request.command != MemcachedCommand::meta_set ? std::string_view() : errors::kTooLarge;
    swallow_bytes_ = result.value_bytes + 2;
    finish(line_bytes_);
    return Outcome::refused;
  }
  value_bytes_ = result.value_bytes;
  phase_ = Phase::value;
  return parse_value(bytes, request);
}

Outcome MemcachedParser::find_line(std::string_view bytes, std::string_view& line) {
  const auto* const lf = bytes.size() == searched_
                             ? nullptr
                             : static_cast<const char*>(std::memchr(bytes.data() + searched_, '\n', bytes.size() - searched_));
  const std::size_t length = lf == nullptr ? bytes.size() : static_cast<std::size_t>(lf - bytes.data());
  searched_ = length;
  if (length > limits_.line_bytes_max && (length > limits_.get_line_bytes_max || !is_get(bytes))) {
    error_ = {};
    return Outcome::broken;
  }
  if (lf == nullptr) return Outcome::incomplete;
  line_bytes_ = length + 1;
  line = bytes.substr(0, length);
  if (line.size() > 1 && line.back() == '\r') line.remove_suffix(1);
  return Outcome::request;
}

Outcome MemcachedParser::parse_value(std::string_view bytes, MemcachedRequest& request) {
  const std::size_t there = bytes.size() - line_bytes_;
  const std::size_t needed = phase_ == Phase::value ? value_bytes_ + 2 : 2;
  if (there < needed) {
    searched_ = there;
    const bool offers =
        phase_ == Phase::value && there < value_bytes_ && value_bytes_ >= limits_.landing_bytes_min && !landing_declined_;
    return offers ? Outcome::value : Outcome::incomplete;
  }
  if (phase_ == Phase::value) request.value = bytes.substr(line_bytes_, value_bytes_);
  const bool is_ended = load<std::uint16_t>(bytes.data() + line_bytes_ + needed - 2) == kCrlf;
  finish(line_bytes_ + needed);
  if (is_ended) return Outcome::request;
  error_ = request.quiet && request.command != MemcachedCommand::meta_set ? std::string_view() : errors::kDataChunk;
  return Outcome::refused;
}

Outcome MemcachedParser::finish(std::size_t bytes) noexcept {
  request_bytes_ = bytes;
  reset();
  return Outcome::request;
}

void MemcachedParser::reset() noexcept {
  phase_ = Phase::line;
  landing_declined_ = false;
  searched_ = 0;
}

std::size_t MemcachedParser::wanted(std::string_view rest) const noexcept {
  if (phase_ != Phase::line) return std::min(rest.size(), (phase_ == Phase::value ? value_bytes_ : 0) + 2 - searched_);
  const std::size_t end = rest.find('\n');
  return end == std::string_view::npos ? rest.size() : end + 1;
}

// Only a storing command is cut behind its line: its key and its flags are views.
void MemcachedParser::on_moved(const char* from, const char* to, MemcachedRequest& request) const noexcept {
  if (phase_ == Phase::line) return;
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(request.key.data()) - reinterpret_cast<std::uintptr_t>(from);
  if (offset < line_bytes_) request.key = {to + offset, request.key.size()};
  for (std::size_t i = 0; i < request.meta.count && request.command == MemcachedCommand::meta_set; ++i) {
    std::string_view& token = request.meta.tokens[i];
    token = {to + (reinterpret_cast<std::uintptr_t>(token.data()) - reinterpret_cast<std::uintptr_t>(from)), token.size()};
  }
}

void MemcachedParser::on_landed(std::string_view value, MemcachedRequest& request) noexcept {
  request.value = value;
  searched_ = 0;
  phase_ = Phase::value_end;
}

}  // namespace kv::protocol
