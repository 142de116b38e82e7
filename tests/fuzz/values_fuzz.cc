// What clients send inside of requests: dump payloads, patterns, numbers, base64.
#include <string>

#include "corering/base/assert.h"
#include "fuzz_target.h"
#include "kv/protocol/base64.h"
#include "kv/protocol/crc64.h"
#include "kv/protocol/dump_payload.h"
#include "kv/protocol/glob.h"
#include "kv/protocol/number.h"

using namespace kv::protocol;
using corering::testing::Random;

namespace {

constexpr std::size_t kValueBytesMax = 1000;

void check_dump_payload(std::string_view bytes) {
  // With a right footer, or nothing but the checksum would be tested.
  std::string payload(bytes);
  payload.append("\x0a\x00", 2);
  const std::uint64_t crc = crc64(0, payload);
  for (int i = 0; i < 8; ++i) payload += static_cast<char>(crc >> (8 * i));
  std::string value;
  if (read_dump(payload, kValueBytesMax, value) != PayloadError::none) return;
  CORERING_ASSERT(value.size() <= kValueBytesMax, "a value exceeds its limit");
  std::string again;
  write_dump(value, again);
  std::string back;
  CORERING_ASSERT(read_dump(again, kValueBytesMax, back) == PayloadError::none && back == value, "a payload does not read back");
}

void check_numbers(std::string_view text) {
  if (const auto value = parse_int64(text)) {
    std::array<char, kIntegerBytesMax> digits;
    CORERING_ASSERT(std::string_view(digits.data(), write_int64(*value, digits.data())) == text, "an integer does not read back");
  }
  const auto real = parse_double(text);
  const auto long_real = parse_long_double(text);
  CORERING_ASSERT(!real || long_real, "a double is no long double");
  if (long_real) LongDoubleText{*long_real};
}

}  // namespace

std::string make_fuzz_input(Random& random) {
  static constexpr std::string_view kPieces[] = {"*",
                                                 "?",
                                                 "[a-z]",
                                                 "[^x",
                                                 "\\",
                                                 "abc",
                                                 "]",
                                                 "12",
                                                 "-1",
                                                 "1e5",
                                                 ".5",
                                                 "inf",
                                                 "Zm9v",
                                                 "=",
                                                 std::string_view("\x00\xc3\x03\x05\x01"
                                                                  "ab\x20\x00",
                                                                  9),
                                                 std::string_view("\x00\xc0", 2),
                                                 std::string_view("\x00\x03"
                                                                  "abc",
                                                                  5)};
  std::string input;
  for (std::size_t i = random.between(1, 6); i > 0; --i) input += kPieces[random.below(std::size(kPieces))];
  return input;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_dump_payload(input);
  check_numbers(input);
  const std::string_view pattern = input.substr(0, size / 2);
  const std::string_view text = input.substr(size / 2);
  if (is_literal_glob(pattern))
    CORERING_ASSERT(matches_glob(pattern, text) == (pattern == text), "a literal matches something else");
  matches_glob(pattern, text, Case::ignored);
  std::string decoded(size, '\0');
  decoded.resize(decode_base64(input, decoded.data()));
  return 0;
}
