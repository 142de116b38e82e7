#include "kv/protocol/inline_request.h"

#include "kv/protocol/ascii.h"

namespace kv::protocol {

namespace {

// Within a word only these end it; vertical tabs and form feeds separate words but do not end one.
constexpr bool ends_word(char letter) noexcept { return letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t'; }

constexpr char unescape(char letter) noexcept {
  switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return letter;
  }
}

class Splitter {
 public:
  Splitter(std::string_view line, char* out) noexcept : next_(line.data()), end_(line.data() + line.size()), out_(out) {}

  bool skip_blanks() noexcept {
    while (next_ != end_ && is_space(*next_)) ++next_;
    return next_ != end_;
  }

  // One word; false if a quote in it is not closed, or is followed by something.
  bool take_word(std::string_view& word) noexcept {
    const char* const begin = next_;
    while (next_ != end_ && !ends_word(*next_) && *next_ != '"' && *next_ != '\'') ++next_;
    if (next_ == end_ || ends_word(*next_)) {
      word = {begin, static_cast<std::size_t>(next_ - begin)};
      return true;
    }
    const char* const copy = out_;
    for (const char* from = begin; from != next_; ++from) *out_++ = *from;
    const bool closed = take_quoted();
    word = {copy, static_cast<std::size_t>(out_ - copy)};
    return closed;
  }

 private:
  bool take_quoted() noexcept {
    while (next_ != end_ && !ends_word(*next_)) {
      const char letter = *next_++;
      if (letter == '"') return take_double() && is_at_blank();
      if (letter == '\'') return take_single() && is_at_blank();
      *out_++ = letter;
    }
    return true;
  }

  bool take_double() noexcept {
    while (next_ != end_) {
      const char letter = *next_++;
      if (letter == '"') return true;
      *out_++ = letter == '\\' && next_ != end_ ? take_escape() : letter;
    }
    return false;
  }

  char take_escape() noexcept {
    if (*next_ == 'x' && end_ - next_ >= 3 && hex_value(next_[1]) >= 0 && hex_value(next_[2]) >= 0) {
      const int value = hex_value(next_[1]) * 16 + hex_value(next_[2]);
      next_ += 3;
      return static_cast<char>(value);
    }
    return unescape(*next_++);
  }

  bool take_single() noexcept {
    while (next_ != end_) {
      const char letter = *next_++;
      if (letter == '\'') return true;
      if (letter == '\\' && next_ != end_ && *next_ == '\'') {
        *out_++ = *next_++;
      } else {
        *out_++ = letter;
      }
    }
    return false;
  }

  bool is_at_blank() const noexcept { return next_ == end_ || is_space(*next_); }

  const char* next_;
  const char* const end_;
  char* out_;
};

}  // namespace

Quotes split_inline(std::string_view line, ArgumentList& arguments, char* unquoted) {
  Splitter splitter(line, unquoted);
  arguments.clear();
  while (splitter.skip_blanks()) {
    std::string_view word;
    if (!splitter.take_word(word)) {
      arguments.clear();
      return Quotes::unbalanced;
    }
    arguments.push_back(word);
  }
  return Quotes::balanced;
}

}  // namespace kv::protocol
