#include "kv/protocol/resp_parser.h"

#include <algorithm>
#include <cstring>

#include "kv/protocol/ascii.h"
#include "kv/protocol/inline_request.h"
#include "kv/protocol/number.h"

namespace kv::protocol {

namespace {

constexpr std::uint16_t kCrlf = '\r' | '\n' << 8;

// The first bytes of "$7\r\n", "$64\r\n" and "$512\r\n", without their digits.
constexpr std::uint64_t kMarker1 = '$' | '\r' << 16 | std::uint64_t{'\n'} << 24;
constexpr std::uint64_t kMask1 = 0xffff00ff;
constexpr std::uint64_t kMarker2 = '$' | std::uint64_t{'\r'} << 24 | std::uint64_t{'\n'} << 32;
constexpr std::uint64_t kMask2 = 0xffff0000ff;
constexpr std::uint64_t kMarker3 = '$' | std::uint64_t{'\r'} << 32 | std::uint64_t{'\n'} << 40;
constexpr std::uint64_t kMask3 = 0xffff000000ff;

constexpr std::size_t kSmallBulkMax = 999;

struct Header {
  std::size_t length;
  std::size_t bytes;  // of the header itself; 0: not an ordinary header of up to three digits
};

inline unsigned digit(std::uint64_t word, unsigned index) noexcept {
  return static_cast<unsigned>(word >> (8 * index) & 0xff) - '0';
}

inline Header small_header(std::uint64_t word) noexcept {
  const unsigned first = digit(word, 1);
  if ((word & kMask2) == kMarker2) {
    const unsigned second = digit(word, 2);
    return {first * 10 + second, first - 1 < 9 && second < 10 ? 5u : 0u};
  }
  if ((word & kMask1) == kMarker1) return {first, first < 10 ? 4u : 0u};
  if ((word & kMask3) == kMarker3) {
    const unsigned second = digit(word, 2);
    const unsigned third = digit(word, 3);
    return {first * 100 + second * 10 + third, first - 1 < 9 && second < 10 && third < 10 ? 6u : 0u};
  }
  return {0, 0};
}

// Up to 8 bytes; what is not there reads as zero.
inline std::uint64_t load_word(const char* from, const char* end) noexcept {
  if (end - from >= 8) return load<std::uint64_t>(from);
  std::uint64_t word = 0;
  std::memcpy(&word, from, static_cast<std::size_t>(end - from));
  return word;
}

}  // namespace

void RespParser::set_trust(Trust trust) noexcept {
  trust_ = trust;
  const bool is_stranger = trust == Trust::stranger;
  small_is_allowed_ = limits_.arguments_max >= ArgumentList::kInlineCount && limits_.bulk_bytes_max >= kSmallBulkMax &&
                      (!is_stranger || (limits_.stranger_arguments_max >= ArgumentList::kInlineCount &&
                                        limits_.stranger_bulk_bytes_max >= kSmallBulkMax));
}

// The requests that nearly all are: few arguments with lengths of up to three digits, all there. 0: anything else, which parse_on
// looks at from the beginning.
std::size_t RespParser::parse_small(std::string_view bytes, ArgumentList& arguments) noexcept {
  const char* next = bytes.data();
  const char* const end = next + bytes.size();
  if (bytes.size() < 4) return 0;
  const auto head = load<std::uint32_t>(next);
  const unsigned count = digit(head, 1);
  if ((head & 0xffff00ff) != ('*' | '\r' << 16 | std::uint32_t{'\n'} << 24) || count - 1 >= ArgumentList::kInlineCount) return 0;
  next += 4;
  std::string_view* place = arguments.places();
  for (unsigned i = 0; i < count; ++i) {
    const Header header = small_header(load_word(next, end));
    if (header.bytes == 0) return 0;
    next += header.bytes;
    if (end - next < static_cast<std::ptrdiff_t>(header.length + 2)) return 0;
    if (load<std::uint16_t>(next + header.length) != kCrlf) return 0;
    *place++ = {next, header.length};
    next += header.length + 2;
  }
  arguments.set_size(count);
  return static_cast<std::size_t>(next - bytes.data());
}

// The beginning of an HTTP request: "POST / HTTP/1.1" and "Host: name" as commands.
bool RespParser::is_intruder(const ArgumentList& arguments) noexcept {
  const std::string_view name = arguments[0];
  if (name.size() == 4) return equals_ignoring_case(name, "post");
  return name.size() == 5 && equals_ignoring_case(name, "host:");
}

Outcome RespParser::parse_on(std::string_view bytes, ArgumentList& arguments) {
  // Also after empty requests, which are no requests: the next may begin right behind them.
  while (phase_ == Phase::start) {
    if (cursor_ == bytes.size()) return Outcome::incomplete;
    const bool is_array = bytes[cursor_] == '*';
    if (!is_array) {
      const Outcome outcome = parse_line(bytes, arguments);
      if (outcome != Outcome::request || !arguments.empty()) return outcome;
      continue;
    }
    std::string_view line;
    const Outcome outcome = find_line(bytes, "Protocol error: too big mbulk count string", line);
    if (outcome != Outcome::request) return outcome;
    if (const Outcome counted = take_count(line.substr(1), arguments); counted != Outcome::request) return counted;
  }
  return parse_bulks(bytes, arguments);
}

// The line that begins at the cursor, which moves behind it. Of a line without LF behind its CR only the first byte is given, so that
// it holds no number.
Outcome RespParser::find_line(std::string_view bytes, std::string_view too_big, std::string_view& line) {
  const char* const begin = bytes.data() + cursor_;
  const std::size_t there = bytes.size() - cursor_;
  const auto* const cr = static_cast<const char*>(std::memchr(begin + searched_, '\r', there - searched_));
  const std::size_t length = cr == nullptr ? there : static_cast<std::size_t>(cr - begin);
  if (length > limits_.line_bytes_max) return break_with(std::string(too_big));
  searched_ = length;
  if (cr == nullptr || there - length < 2) return Outcome::incomplete;
  line = std::string_view(begin, length).substr(0, cr[1] == '\n' ? length : 1);
  cursor_ += length + 2;
  searched_ = 0;
  return Outcome::request;
}

Outcome RespParser::take_count(std::string_view digits, ArgumentList& arguments) {
  const std::optional<std::int64_t> count = parse_int64(digits);
  if (!count || *count > static_cast<std::int64_t>(limits_.arguments_max)) {
    return break_with("Protocol error: invalid multibulk length");
  }
  arguments.clear();
  if (*count <= 0) return Outcome::request;
  bulks_left_ = static_cast<std::size_t>(*count);
  if (trust_ == Trust::stranger && bulks_left_ > limits_.stranger_arguments_max) {
    return break_with("Protocol error: unauthenticated multibulk length");
  }
  // A count is easily said: memory for arguments comes with the arguments.
  arguments.reserve(std::min<std::size_t>(bulks_left_, ArgumentList::kKeptCount));
  phase_ = Phase::bulk_header;
  return Outcome::request;
}

Outcome RespParser::parse_bulks(std::string_view bytes, ArgumentList& arguments) {
  for (;;) {
    if (phase_ == Phase::bulk_header) {
      std::string_view line;
      const Outcome outcome = find_line(bytes, "Protocol error: too big bulk count string", line);
      if (outcome != Outcome::request) return outcome;
      if (const Outcome taken = take_bulk_header(line); taken != Outcome::request) return taken;
    }
    const std::size_t there = bytes.size() - cursor_;
    const std::size_t needed = phase_ == Phase::bulk_end ? 2 : bulk_bytes_ + 2;
    if (there < needed) {
      searched_ = there;
      const bool offers =
          phase_ == Phase::bulk && there < bulk_bytes_ && bulk_bytes_ >= limits_.landing_bytes_min && !landing_declined_;
      return offers ? Outcome::value : Outcome::incomplete;
    }
    if (load<std::uint16_t>(bytes.data() + cursor_ + needed - 2) != kCrlf) return break_with("Protocol error: invalid bulk length");
    if (phase_ == Phase::bulk) arguments.push_back(bytes.substr(cursor_, bulk_bytes_));
    cursor_ += needed;
    searched_ = 0;
    phase_ = Phase::bulk_header;
    landing_declined_ = false;
    if (--bulks_left_ == 0) return finish(cursor_, arguments);
  }
}

Outcome RespParser::take_bulk_header(std::string_view line) {
  if (line.empty() || line[0] != '$') {
    // Whatever stands there must not end the line of the error. An empty line shows its CR.
    const char found = line.empty() || line[0] == '\n' || line[0] == '\0' ? ' ' : line[0];
    return break_with(std::string("Protocol error: expected '$', got '") + found + '\'');
  }
  const std::optional<std::int64_t> length = parse_int64(line.substr(1));
  if (!length || *length < 0 || *length > static_cast<std::int64_t>(limits_.bulk_bytes_max)) {
    return break_with("Protocol error: invalid bulk length");
  }
  bulk_bytes_ = static_cast<std::size_t>(*length);
  if (trust_ == Trust::stranger && bulk_bytes_ > limits_.stranger_bulk_bytes_max) {
    return break_with("Protocol error: unauthenticated bulk length");
  }
  phase_ = Phase::bulk;
  return Outcome::request;
}

Outcome RespParser::parse_line(std::string_view bytes, ArgumentList& arguments) {
  const char* const begin = bytes.data() + cursor_;
  const std::size_t there = bytes.size() - cursor_;
  const auto* const lf = static_cast<const char*>(std::memchr(begin + searched_, '\n', there - searched_));
  const std::size_t length = lf == nullptr ? there : static_cast<std::size_t>(lf - begin);
  if (length > limits_.line_bytes_max) return break_with("Protocol error: too big inline request");
  searched_ = length;
  if (lf == nullptr) return Outcome::incomplete;
  std::string_view line(begin, length);
  if (line.ends_with('\r')) line.remove_suffix(1);
  cursor_ += length + 1;
  searched_ = 0;
  char* unquoted = nullptr;
  if (line.find_first_of("\"'") != std::string_view::npos) {
    unquoted = unquoted_.emplace_back(std::make_unique_for_overwrite<char[]>(line.size())).get();
  }
  if (split_inline(line, arguments, unquoted) == Quotes::unbalanced) {
    return break_with("Protocol error: unbalanced quotes in request");
  }
  return arguments.empty() ? Outcome::request : finish(cursor_, arguments);
}

Outcome RespParser::finish(std::size_t bytes, const ArgumentList& arguments) noexcept {
  request_bytes_ = bytes;
  phase_ = Phase::start;
  cursor_ = 0;
  return is_intruder(arguments) ? Outcome::intruder : Outcome::request;
}

Outcome RespParser::break_with(std::string text) {
  error_ = std::move(text);
  return Outcome::broken;
}

std::size_t RespParser::wanted(std::string_view rest) const noexcept {
  if (phase_ == Phase::bulk || phase_ == Phase::bulk_end) {
    const std::size_t needed = (phase_ == Phase::bulk ? bulk_bytes_ : 0) + 2;
    return std::min(rest.size(), needed - searched_);
  }
  const std::size_t line_end = rest.substr(0, limits_.line_bytes_max + 2).find('\n');
  return std::min(rest.size(), line_end == std::string_view::npos ? limits_.line_bytes_max + 2 : line_end + 1);
}

void RespParser::on_moved(const char* from, const char* to, ArgumentList& arguments) const noexcept {
  std::string_view* const places = arguments.places();
  const auto begin = reinterpret_cast<std::uintptr_t>(from);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(places[i].data()) - begin;
    if (offset <= cursor_) places[i] = {to + offset, places[i].size()};  // the others have landed elsewhere
  }
}

void RespParser::on_landed(std::string_view value, ArgumentList& arguments) {
  arguments.push_back(value);
  searched_ = 0;
  phase_ = Phase::bulk_end;
}

}  // namespace kv::protocol
