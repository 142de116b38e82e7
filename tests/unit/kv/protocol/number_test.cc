#include "kv/protocol/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>

#include "corering/testing/random.h"

namespace kv::protocol {
namespace {

std::string text_of(std::int64_t value) {
  std::array<char, kIntegerBytesMax> out;
  return {out.data(), write_int64(value, out.data())};
}

std::string text_of(double value) {
  std::array<char, kDoubleBytesMax> out;
  return {out.data(), write_double(value, out.data())};
}

TEST(Number, IntegersAreStrict) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("-1"), -1);
  EXPECT_EQ(parse_int64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_int64("-9223372036854775808"), INT64_MIN);
  for (const std::string_view text : {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "1a", "0x1", "1.0", "9223372036854775808",
                                      "-9223372036854775809", "99999999999999999999", "18446744073709551616", "00"}) {
    EXPECT_EQ(parse_int64(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_int64(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Number, IntegersReadBack) {
  corering::testing::Random random(1);
  for (int bits = 0; bits < 64; ++bits) {
    for (int round = 0; round < 50; ++round) {
      const auto value = static_cast<std::int64_t>(random.next() >> bits);
      EXPECT_EQ(text_of(value), std::to_string(value));
      EXPECT_EQ(text_of(-value), std::to_string(-value));
      EXPECT_EQ(parse_int64(text_of(value)), value);
    }
  }
  for (std::uint64_t power = 1; power < UINT64_MAX / 10; power *= 10) {
    for (const std::uint64_t value : {power - 1, power, power + 1}) {
      std::array<char, kIntegerBytesMax> out;
      EXPECT_EQ(std::string(out.data(), write_uint64(value, out.data())), std::to_string(value));
    }
  }
  EXPECT_EQ(text_of(INT64_MIN), "-9223372036854775808");
}

TEST(Number, DoublesAreStrict) {
  EXPECT_EQ(parse_double("1.5"), 1.5);
  EXPECT_EQ(parse_double("-1e3"), -1000.0);
  EXPECT_EQ(parse_double("+.5"), 0.5);
  EXPECT_EQ(parse_double("0x10"), 16.0);
  EXPECT_EQ(parse_double("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_double("-Infinity"), -std::numeric_limits<double>::infinity());
  for (const std::string_view text : {"", " 1", "1 ", "nan", "1x", "1e400", "-1e400", "1e-400", ".", "e1", "--1"}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
    EXPECT_EQ(parse_long_double(text), text == "1e400"    ? std::optional<long double>(1e400L)
                                       : text == "-1e400" ? std::optional<long double>(-1e400L)
                                       : text == "1e-400" ? std::optional<long double>(1e-400L)
                                                          : std::nullopt)
        << text;
  }
  EXPECT_EQ(parse_long_double(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_long_double(std::string(5119, '0')), 0);
  EXPECT_EQ(parse_long_double(std::string(5120, '0')), std::nullopt);
}

TEST(Number, DoublesAreWrittenLikePrintf) {
  EXPECT_EQ(text_of(0.0), "0");
  EXPECT_EQ(text_of(-0.0), "-0");
  EXPECT_EQ(text_of(0.1), "0.10000000000000001");
  EXPECT_EQ(text_of(1e300), "1.0000000000000001e+300");
  EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(text_of(std::nan("")), "nan");
  EXPECT_EQ(text_of(-std::nan("")), "nan");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::max()).size(), kDoubleBytesMax);
  corering::testing::Random random(2);
  for (int round = 0; round < 20'000; ++round) {
    double value = 0;
    const std::uint64_t bits = random.next();
    std::memcpy(&value, &bits, sizeof value);
    if (round % 2 == 0) value = static_cast<double>(random.below(1'000'000)) / 1000;
    if (std::isnan(value)) continue;
    std::array<char, 64> expected;
    std::snprintf(expected.data(), expected.size(), "%.17g", value);
    EXPECT_EQ(text_of(value), expected.data());
  }
}

TEST(Number, LongDoublesInPlainNotation) {
  EXPECT_EQ(LongDoubleText(0.1L + 0.2L).view(), "0.3");
  EXPECT_EQ(LongDoubleText(3.0L).view(), "3");
  EXPECT_EQ(LongDoubleText(100.0L).view(), "100");
  EXPECT_EQ(LongDoubleText(-0.0L).view(), "0");
  EXPECT_EQ(LongDoubleText(-0.5L).view(), "-0.5");
  EXPECT_EQ(LongDoubleText(5e3L).view(), "5000");
  EXPECT_EQ(LongDoubleText(1e-18L).view(), "0");
  EXPECT_EQ(LongDoubleText(-1e-18L).view(), "0");
  EXPECT_EQ(LongDoubleText(std::numeric_limits<long double>::infinity()).view(), "inf");
  EXPECT_EQ(LongDoubleText(std::numeric_limits<long double>::max()).view().size(), 4933u);
}

}  // namespace
}  // namespace kv::protocol
