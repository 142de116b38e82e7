#include "corering/base/byte_size.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

using corering::base::ErrorCode;
using corering::base::format_byte_size;
using corering::base::parse_byte_size;

struct Written {
  std::string_view text;
  std::uint64_t bytes;
};

TEST(ByteSize, ReadsWhatOperatorsWrite) {
  constexpr Written kSizes[] = {
      {"0", 0},
      {"65536", 65536},
      {"007", 7},
      {"7B", 7},
      {"1KiB", 1024},
      {"64MiB", 67'108'864},
      {"3GiB", 3'221'225'472},
      {"2TiB", 2'199'023'255'552},
      {"1KB", 1000},
      {"64MB", 64'000'000},
      {"2GB", 2'000'000'000},
      {"1TB", 1'000'000'000'000},
      {"18446744073709551615", UINT64_MAX},
      {"16777215TiB", 18'446'742'974'197'923'840ULL},
  };
  for (const Written& written : kSizes) {
    const auto bytes = parse_byte_size(written.text);
    ASSERT_TRUE(bytes.has_value()) << written.text;
    EXPECT_EQ(*bytes, written.bytes) << written.text;
  }
}

TEST(ByteSize, RefusesWhatIsNotASizeAndNamesIt) {
  constexpr std::string_view kTexts[] = {"",      "B",     "KiB",    "-1",   "+1",  " 1",    "1 ",   "1 KiB", "1kib",   "1K",
                                         "1KiBs", "1KiB ", "1.5GiB", "0x10", "1e3", "1,000", "1PiB", "64 MB", "1KiB2B", "MiB64"};
  for (const std::string_view text : kTexts) {
    const auto bytes = parse_byte_size(text);
    ASSERT_FALSE(bytes.has_value()) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_NE(bytes.error().text.find(std::string(1, '\'').append(text) + '\''), std::string::npos) << bytes.error().text;
  }
}

TEST(ByteSize, RefusesWhatDoesNotFitInsteadOfWrappingAround) {
  for (const std::string_view text : {"18446744073709551616", "99999999999999999999999", "16777216TiB", "18446744073709552KB"}) {
    EXPECT_FALSE(parse_byte_size(text).has_value()) << text;
  }
}

TEST(ByteSize, ReadsNotBeyondTheViewItIsGiven) {
  const std::string_view longer = "64KiB";
  EXPECT_EQ(parse_byte_size(longer.substr(0, 2)), 64u);
  EXPECT_FALSE(parse_byte_size(longer.substr(0, 4)).has_value());
}

TEST(ByteSize, FormatsForPeople) {
  EXPECT_EQ(format_byte_size(0), "0");
  EXPECT_EQ(format_byte_size(1023), "1023");
  EXPECT_EQ(format_byte_size(1024), "1KiB");
  EXPECT_EQ(format_byte_size(1536), "1536");
  EXPECT_EQ(format_byte_size(std::uint64_t{3} << 19), "1536KiB");
  EXPECT_EQ(format_byte_size(std::uint64_t{64} << 20), "64MiB");
  EXPECT_EQ(format_byte_size(std::uint64_t{5} << 30), "5GiB");
  EXPECT_EQ(format_byte_size(std::uint64_t{2048} << 40), "2048TiB");
  EXPECT_EQ(format_byte_size(UINT64_MAX), "18446744073709551615");
}

TEST(ByteSize, WhatIsFormattedReadsBackExactly) {
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t bytes : {power - 1, power, power + 1, power * 3}) {
      EXPECT_EQ(parse_byte_size(format_byte_size(bytes)), bytes);
    }
  }
}

}  // namespace
