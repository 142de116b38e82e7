#include "load/protocol.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace load {

namespace {

using corering::base::ByteView;

// More than the longest request has besides its key and its value.
constexpr std::size_t kRequestOverhead = 64;

void append_number(OutBuffer& out, std::uint64_t number) {
  char text[20];
  out.append(std::string_view(text, std::to_chars(text, text + sizeof text, number).ptr));
}

void append_resp(const Request& request, std::string_view key, ByteView value, OutBuffer& out) {
  const bool is_get = request.operation == Operation::get;
  out.append(is_get ? std::string_view("*2\r\n$3\r\nGET\r\n$16\r\n") : std::string_view("*3\r\n$3\r\nSET\r\n$16\r\n"));
  out.append(key);
  if (is_get) return out.append(std::string_view("\r\n"));
  out.append(std::string_view("\r\n$"));
  append_number(out, value.size());
  out.append(std::string_view("\r\n"));
  out.append(value);
  out.append(std::string_view("\r\n"));
}

void append_memcached(const Request& request, std::string_view key, ByteView value, OutBuffer& out) {
  const bool is_get = request.operation == Operation::get;
  out.append(is_get ? std::string_view("get ") : std::string_view("set "));
  out.append(key);
  if (is_get) return out.append(std::string_view("\r\n"));
  out.append(std::string_view(" 0 0 "));
  append_number(out, value.size());
  out.append(std::string_view("\r\n"));
  out.append(value);
  out.append(std::string_view("\r\n"));
}

// The word in front, without it in `text` afterwards.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

void append_request(Protocol protocol, const Dataset& dataset, const Request& request, OutBuffer& out) {
  const ByteView value = dataset.value(request.key);
  out.require(kRequestOverhead + Dataset::kKeyBytes + value.size());
  if (protocol == Protocol::echo) return out.append(value);
  const auto key_text = dataset.key(request.key);
  const std::string_view key(key_text.data(), key_text.size());
  if (protocol == Protocol::resp) return append_resp(request, key, value, out);
  append_memcached(request, key, value, out);
}

void ReplyReader::reset() noexcept {
  part_ = Part::line;
  differs_ = line_is_too_long_ = false;
  value_taken_ = 0;
  end_taken_ = 0;
  carry_.clear();
}

Verdict ReplyReader::read(ByteView& bytes, const Request& request) {
  if (protocol_ == Protocol::echo) {
    value_bytes_ = dataset_.value(request.key).size();
    compare(bytes, request);
    return value_taken_ < value_bytes_ ? Verdict::incomplete : end_reply();
  }
  while (!bytes.empty()) {
    switch (part_) {
      case Part::line:
      case Part::closing_line:
        if (!take_line(bytes)) return line_is_too_long_ ? Verdict::malformed : Verdict::incomplete;
        if (const Verdict verdict = on_line(request); verdict != Verdict::incomplete) return verdict;
        break;
      case Part::value: compare(bytes, request); break;
      case Part::value_end:
        if (std::to_integer<char>(bytes.front()) != (end_taken_ == 0 ? '\r' : '\n')) return Verdict::malformed;
        bytes = bytes.subspan(1);
        if (++end_taken_ < 2) break;
        if (protocol_ == Protocol::resp) return end_reply();
        part_ = Part::closing_line;
        break;
    }
  }
  return Verdict::incomplete;
}

// A line usually lies whole in the bytes; only one that is cut is copied.
bool ReplyReader::take_line(ByteView& bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  const void* found = std::memchr(text, '\n', bytes.size());
  const std::size_t taken = found == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(found) - text) + 1;
  bytes = bytes.subspan(taken);
  if (found != nullptr && carry_.empty()) {
    line_ = std::string_view(text, taken);
  } else {
    line_is_too_long_ = carry_.size() + taken > kLineBytesMax;
    if (line_is_too_long_) return false;
    carry_.insert(carry_.end(), text, text + taken);
    if (found == nullptr) return false;
    line_ = std::string_view(carry_.data(), carry_.size());
  }
  if (!line_.ends_with("\r\n")) {
    line_is_too_long_ = true;  // or not a line of these protocols at all
    return false;
  }
  line_.remove_suffix(2);
  return true;
}

Verdict ReplyReader::on_line(const Request& request) {
  const Verdict verdict = protocol_ == Protocol::resp ? on_resp_line(request) : on_memcached_line(request);
  carry_.clear();
  return verdict;
}

Verdict ReplyReader::on_resp_line(const Request& request) {
  if (line_.empty()) return Verdict::malformed;
  const std::string_view rest = line_.substr(1);
  switch (line_.front()) {
    case '-': return Verdict::error_reply;
    case '+': return request.operation == Operation::set && rest == "OK" ? Verdict::good : Verdict::malformed;
    case '_': return request.operation == Operation::get ? Verdict::miss : Verdict::malformed;
    case '$':
      if (request.operation != Operation::get) return Verdict::malformed;
      return rest == "-1" ? Verdict::miss : begin_value(rest, request);
    default: return Verdict::malformed;
  }
}

Verdict ReplyReader::on_memcached_line(const Request& request) {
  if (part_ == Part::closing_line) return line_ == "END" ? end_reply() : Verdict::malformed;
  if (line_ == "ERROR" || line_.starts_with("CLIENT_ERROR") || line_.starts_with("SERVER_ERROR") || line_ == "NOT_STORED") {
    return Verdict::error_reply;
  }
  if (request.operation == Operation::set) return line_ == "STORED" ? Verdict::good : Verdict::malformed;
  if (line_ == "END") return Verdict::miss;
  std::string_view rest = line_;
  if (take_word(rest) != "VALUE") return Verdict::malformed;
  const auto key = dataset_.key(request.key);
  const bool is_other_key = take_word(rest) != std::string_view(key.data(), key.size());
  take_word(rest);  // the flags, which mean nothing here
  const Verdict verdict = begin_value(take_word(rest), request);
  differs_ |= is_other_key;
  return verdict;
}

Verdict ReplyReader::begin_value(std::string_view length_text, const Request& request) {
  const char* end = length_text.data() + length_text.size();
  const auto [last, error] = std::from_chars(length_text.data(), end, value_bytes_);
  if (error != std::errc() || last != end) return Verdict::malformed;
  differs_ = value_bytes_ != dataset_.value(request.key).size();
  value_taken_ = 0;
  end_taken_ = 0;
  part_ = value_bytes_ == 0 ? Part::value_end : Part::value;
  return Verdict::incomplete;
}

void ReplyReader::compare(ByteView& bytes, const Request& request) {
  const std::size_t here = std::min<std::uint64_t>(bytes.size(), value_bytes_ - value_taken_);
  // A value of another length differs anyway and is only skipped.
  const ByteView expected = dataset_.value(request.key);
  if (!differs_) differs_ = std::memcmp(bytes.data(), expected.data() + value_taken_, here) != 0;
  bytes = bytes.subspan(here);
  value_taken_ += here;
  if (value_taken_ == value_bytes_) part_ = Part::value_end;
}

Verdict ReplyReader::end_reply() noexcept {
  const Verdict verdict = differs_ ? Verdict::wrong_value : Verdict::good;
  part_ = Part::line;
  differs_ = false;
  value_taken_ = 0;
  end_taken_ = 0;
  return verdict;
}

}  // namespace load
