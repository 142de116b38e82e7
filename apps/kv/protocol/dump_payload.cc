#include "kv/protocol/dump_payload.h"

#include <array>
#include <cstring>
#include <optional>

#include "kv/protocol/ascii.h"
#include "kv/protocol/crc64.h"
#include "kv/protocol/lzf.h"
#include "kv/protocol/number.h"

namespace kv::protocol {

namespace {

constexpr char kString = 0;
constexpr std::size_t kFooterBytes = 10;
constexpr std::size_t kNumberTextMax = 11;  // "-2147483648"

// The two highest bits of the first byte of a length.
constexpr unsigned kLength6 = 0;
constexpr unsigned kLength14 = 1;
constexpr unsigned char kLength32 = 0x80;
constexpr unsigned char kLength64 = 0x81;
enum Encoding : unsigned char { int8 = 0xc0, int16 = 0xc1, int32 = 0xc2, lzf = 0xc3 };

template <typename Integer>
void append_little_endian(std::string& out, Integer value) {
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

void append_length(std::string& out, std::size_t length) {
  if (length < 1 << 6) {
    out += static_cast<char>(length);
  } else if (length < 1 << 14) {
    out += static_cast<char>(kLength14 << 6 | length >> 8);
    out += static_cast<char>(length);
  } else if (length <= UINT32_MAX) {
    out += static_cast<char>(kLength32);
    append_little_endian(out, __builtin_bswap32(static_cast<std::uint32_t>(length)));
  } else {
    out += static_cast<char>(kLength64);
    append_little_endian(out, __builtin_bswap64(length));
  }
}

bool append_number(std::string& out, std::int64_t value) {
  if (value >= INT8_MIN && value <= INT8_MAX) {
    out += static_cast<char>(int8);
    append_little_endian(out, static_cast<std::int8_t>(value));
  } else if (value >= INT16_MIN && value <= INT16_MAX) {
    out += static_cast<char>(int16);
    append_little_endian(out, static_cast<std::int16_t>(value));
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    out += static_cast<char>(int32);
    append_little_endian(out, static_cast<std::int32_t>(value));
  } else {
    return false;
  }
  return true;
}

// Reads the encoded string; every take fails for good once the bytes have run out.
class Reader {
 public:
  Reader(std::string_view bytes, std::size_t bytes_max) noexcept : bytes_(bytes), bytes_max_(bytes_max) {}

  bool read_string(std::string& value) {
    if (bytes_.empty()) return false;
    switch (static_cast<unsigned char>(bytes_[0])) {
      case int8: return read_number<std::int8_t>(value);
      case int16: return read_number<std::int16_t>(value);
      case int32: return read_number<std::int32_t>(value);
      case lzf: return read_compressed(value);
      default: break;
    }
    const std::optional<std::uint64_t> length = take_length();
    if (!length || *length > bytes_.size() || *length > bytes_max_) return false;
    value.assign(bytes_.substr(0, *length));
    bytes_.remove_prefix(*length);
    return true;
  }

 private:
  template <typename Integer>
  std::optional<Integer> take_integer() noexcept {
    if (bytes_.size() < sizeof(Integer)) return std::nullopt;
    const auto value = load<Integer>(bytes_.data());
    bytes_.remove_prefix(sizeof(Integer));
    return value;
  }

  std::optional<std::uint64_t> take_length() noexcept {
    const std::optional<unsigned char> first = take_integer<unsigned char>();
    if (!first) return std::nullopt;
    if (*first >> 6 == kLength6) return *first;
    if (*first >> 6 == kLength14) {
      const std::optional<unsigned char> second = take_integer<unsigned char>();
      return second ? std::optional<std::uint64_t>((*first & 0x3f) << 8 | *second) : std::nullopt;
    }
    if (*first == kLength32) {
      const std::optional<std::uint32_t> length = take_integer<std::uint32_t>();
      return length ? std::optional<std::uint64_t>(__builtin_bswap32(*length)) : std::nullopt;
    }
    const std::optional<std::uint64_t> length = *first == kLength64 ? take_integer<std::uint64_t>() : std::nullopt;
    return length ? std::optional<std::uint64_t>(__builtin_bswap64(*length)) : std::nullopt;
  }

  template <typename Integer>
  bool read_number(std::string& value) {
    bytes_.remove_prefix(1);
    const std::optional<Integer> number = take_integer<Integer>();
    if (!number) return false;
    std::array<char, kIntegerBytesMax> text;
    value.assign(text.data(), write_int64(*number, text.data()));
    return true;
  }

  bool read_compressed(std::string& value) {
    bytes_.remove_prefix(1);
    const std::optional<std::uint64_t> compressed = take_length();
    const std::optional<std::uint64_t> size = take_length();
    // The size is the client's claim; one compressed byte stands for at most 88 others.
    if (!compressed || !size || *compressed > bytes_.size() || *size > bytes_max_ || *size / 88 > *compressed) return false;
    value.resize(*size);
    const bool fits = decompress_lzf(bytes_.substr(0, *compressed), value);
    bytes_.remove_prefix(*compressed);
    return fits;
  }

  std::string_view bytes_;
  const std::size_t bytes_max_;
};

}  // namespace

void write_dump(std::string_view value, std::string& out) {
  const std::size_t begin = out.size();
  out += kString;
  const std::optional<std::int64_t> number = value.size() <= kNumberTextMax ? parse_int64(value) : std::nullopt;
  if (!number || !append_number(out, *number)) {
    append_length(out, value.size());
    out += value;
  }
  append_little_endian(out, kDumpVersion);
  append_little_endian(out, crc64(0, std::string_view(out).substr(begin)));
}

PayloadError check_dump(std::string_view payload) noexcept {
  if (payload.size() < kFooterBytes) return PayloadError::checksum;
  const char* const footer = payload.data() + payload.size() - kFooterBytes;
  if (load<std::uint16_t>(footer) > kDumpVersion) return PayloadError::checksum;
  const std::uint64_t crc = crc64(0, payload.substr(0, payload.size() - 8));
  return crc == load<std::uint64_t>(footer + 2) ? PayloadError::none : PayloadError::checksum;
}

PayloadError read_dump(std::string_view payload, std::size_t bytes_max, std::string& value) {
  if (const PayloadError error = check_dump(payload); error != PayloadError::none) return error;
  payload.remove_suffix(kFooterBytes);
  if (payload.empty()) return PayloadError::format;
  if (payload[0] != kString) return PayloadError::type;
  Reader reader(payload.substr(1), bytes_max);
  return reader.read_string(value) ? PayloadError::none : PayloadError::format;
}

}  // namespace kv::protocol
