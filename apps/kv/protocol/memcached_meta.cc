#include "kv/protocol/memcached_meta.h"

#include <climits>

#include "kv/protocol/base64.h"
#include "kv/protocol/memcached_errors.h"

namespace kv::protocol {

namespace {

LineResult refuse(std::string_view error) { return {.kind = LineKind::refused, .error = error}; }

// Reads the flags of one command. Of several faults the last one is told, but a flag that is unknown or there twice ends the reading.
class FlagReader {
 public:
  explicit FlagReader(MemcachedRequest& request) noexcept : request_(request), flags_(request.meta) {}

  // Empty: all is well.
  std::string_view read(const Words& words, std::size_t first) {
    flags_.clear();
    for (std::size_t i = first; i < words.count(); ++i) {
      const std::string_view word = words[i];
      const auto letter = static_cast<unsigned char>(word[0]);
      if (letter >= seen_.size() || seen_[letter]) return errors::kDuplicateFlag;
      seen_[letter] = true;
      if (!take(word)) return errors::kInvalidFlag;
      flags_.tokens[flags_.count++] = word;
    }
    return faulty_ ? error_ : std::string_view();
  }

  // The letter of the M flag; 0: there is none.
  char mode() const noexcept { return mode_; }
  bool is_opaque_too_long() const noexcept { return opaque_too_long_; }

 private:
  bool take(std::string_view word) {
    const std::string_view rest = word.substr(1);
    switch (word[0]) {
      case 'b': take_base64(); break;
      case 'N': take_number(rest, flags_.vivify_exptime, errors::kBadToken); break;
      case 'T': take_number(rest, flags_.exptime, errors::kBadToken); break;
      case 'R': take_number(rest, flags_.recache_exptime, errors::kBadToken); break;
      case 'C': take_number(rest, flags_.cas_unique, errors::kBadToken); break;
      case 'F': check(read_number(rest, flags_.client_flags), error_); break;
      case 'J': check(read_number(rest, flags_.initial), errors::kInitial); break;
      case 'D': check(read_number(rest, flags_.delta), errors::kMetaDelta); break;
      case 'M':
        check(rest.size() == 1, errors::kModeLength);
        if (rest.size() == 1) mode_ = rest[0];
        break;
      case 'O': opaque_too_long_ = word.size() > kOpaqueBytesMax; break;
      case 'v': flags_.wants_value = true; break;
      case 'u': flags_.no_bump = true; break;
      case 'q': request_.quiet = true; break;
      case 'I': flags_.invalidate = true; break;
      case 'P':
      case 'L':
      case 'k':
      case 's':
      case 't':
      case 'c':
      case 'f':
      case 'l':
      case 'h': break;
      default: return false;
    }
    return true;
  }

  void check(bool valid, std::string_view error) {
    if (valid) return;
    faulty_ = true;
    error_ = error;
  }

  template <typename Integer>
  void take_number(std::string_view text, std::optional<Integer>& value, std::string_view error) {
    Integer number{};
    const bool valid = read_number(text, number);
    check(valid, error);
    if (valid) value = number;
  }

  void take_base64() {
    const std::size_t bytes = decode_base64(request_.key, request_.decoded_key.data());
    check(bytes > 0, errors::kKeyDecoding);
    request_.key = {request_.decoded_key.data(), bytes};
    flags_.key_is_base64 = true;
  }

  MemcachedRequest& request_;
  MetaFlags& flags_;
  char mode_ = '\0';
  bool opaque_too_long_ = false;
  bool faulty_ = false;
  std::string_view error_ = errors::kFormat;
  std::array<bool, 127> seen_{};
};

// What all have in common before their flags. Empty: go on.
std::string_view check_key(const Words& words, std::string_view too_many_flags) {
  if (words.count() < 2) return errors::kError;
  if (words[1].size() > kMemcachedKeyBytesMax) return errors::kFormat;
  return words.count() >= kMetaTokensMax ? too_many_flags : std::string_view();
}

MetaMode set_mode(char letter) {
  switch (letter) {
    case '\0':
    case 'S': return MetaMode::set;
    case 'E': return MetaMode::add;
    case 'A': return MetaMode::append;
    case 'P': return MetaMode::prepend;
    case 'R': return MetaMode::replace;
    default: return MetaMode::none;
  }
}

MetaMode arithmetic_mode(char letter) {
  switch (letter) {
    case '\0':
    case 'I':
    case '+': return MetaMode::increment;
    case 'D':
    case '-': return MetaMode::decrement;
    default: return MetaMode::none;
  }
}

}  // namespace

LineResult parse_meta_get(const Words& words, MemcachedRequest& request) {
  request.command = MemcachedCommand::meta_get;
  if (const std::string_view error = check_key(words, errors::kGetFlagsTooLong); !error.empty()) return refuse(error);
  request.key = words[1];
  FlagReader flags(request);
  if (const std::string_view error = flags.read(words, 2); !error.empty()) return refuse(error);
  if (flags.is_opaque_too_long()) return refuse(errors::kOpaqueTooLong);
  return {};
}

LineResult parse_meta_set(const Words& words, MemcachedRequest& request) {
  request.command = MemcachedCommand::meta_set;
  if (words.count() < 2) return refuse(errors::kError);
  if (words[1].size() > kMemcachedKeyBytesMax || words.count() == 2) return refuse(errors::kFormat);
  if (words.count() >= kMetaTokensMax) return refuse(errors::kFlagsTooLong);
  std::int32_t bytes = 0;
  if (!read_number(words[2], bytes) || bytes < 0 || bytes > INT_MAX - 2) return refuse(errors::kFormat);
  const auto value_bytes = static_cast<std::size_t>(bytes);

  // From here on it is known how much of the stream is the value.
  request.key = words[1];
  FlagReader flags(request);
  std::string_view error = flags.read(words, 3);
  if (error.empty() && flags.is_opaque_too_long()) error = errors::kOpaqueTooLong;
  request.meta.mode = set_mode(flags.mode());
  if (request.meta.mode == MetaMode::none && (error.empty() || error == errors::kOpaqueTooLong)) error = errors::kSetMode;
  if (error.empty()) return {.kind = LineKind::storing, .value_bytes = value_bytes};
  return {.kind = LineKind::refused, .value_bytes = value_bytes, .swallows = true, .error = error};
}

LineResult parse_meta_delete(const Words& words, MemcachedRequest& request) {
  request.command = MemcachedCommand::meta_delete;
  if (const std::string_view error = check_key(words, errors::kFlagsTooLong); !error.empty()) return refuse(error);
  request.key = words[1];
  FlagReader flags(request);
  if (!flags.read(words, 2).empty()) return refuse(errors::kInvalidOrDuplicateFlag);
  if (flags.is_opaque_too_long()) return refuse(errors::kOpaqueTooLong);
  return {};
}

LineResult parse_meta_arithmetic(const Words& words, MemcachedRequest& request) {
  request.command = MemcachedCommand::meta_arithmetic;
  if (const std::string_view error = check_key(words, errors::kFlagsTooLong); !error.empty()) return refuse(error);
  request.key = words[1];
  FlagReader flags(request);
  if (!flags.read(words, 2).empty()) return refuse(errors::kInvalidOrDuplicateFlag);
  request.meta.mode = arithmetic_mode(flags.mode());
  if (request.meta.mode == MetaMode::none) return refuse(errors::kArithmeticMode);
  if (flags.is_opaque_too_long()) return refuse(errors::kOpaqueTooLong);
  return {};
}

LineResult parse_meta_debug(const Words& words, MemcachedRequest& request) {
  request.command = MemcachedCommand::meta_debug;
  request.meta.clear();
  if (words.count() < 2 || words[1].size() > kMemcachedKeyBytesMax) return refuse(errors::kFormat);
  request.key = words[1];
  if (words.count() < 3 || words[2] != "b") return {};
  const std::size_t bytes = decode_base64(request.key, request.decoded_key.data());
  if (bytes == 0) return refuse(errors::kFormat);
  request.key = {request.decoded_key.data(), bytes};
  request.meta.key_is_base64 = true;
  return {};
}

}  // namespace kv::protocol
