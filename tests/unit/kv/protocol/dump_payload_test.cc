#include "kv/protocol/dump_payload.h"

#include <gtest/gtest.h>

#include <string>

#include "corering/testing/random.h"
#include "kv/protocol/crc64.h"

namespace kv::protocol {
namespace {

using std::string_view_literals::operator""sv;

std::string dump(std::string_view value) {
  std::string out;
  write_dump(value, out);
  return out;
}

// A payload with a right footer around these bytes.
std::string sealed(std::string_view body, char version = 10) {
  std::string payload(body);
  payload += version;
  payload += '\0';
  const std::uint64_t crc = crc64(0, payload);
  for (int i = 0; i < 8; ++i) payload += static_cast<char>(crc >> (8 * i));
  return payload;
}

PayloadError error_of(std::string_view payload, std::size_t bytes_max = 1000) {
  std::string value;
  return read_dump(payload, bytes_max, value);
}

TEST(DumpPayload, IsWhatRedisWrites) {
  EXPECT_EQ(dump("hello"), "\x00\x05\x68\x65\x6c\x6c\x6f\x0a\x00\x63\x72\xdf\x76\x65\x34\x20\x0a"sv);
  EXPECT_EQ(dump("10"), sealed("\x00\xc0\x0a"sv));
  EXPECT_EQ(dump("-129"), sealed("\x00\xc1\x7f\xff"sv));
  EXPECT_EQ(dump("70000"), sealed("\x00\xc2\x70\x11\x01\x00"sv));
  EXPECT_EQ(dump("010"), sealed("\x00\x03"
                                "010"sv));
  EXPECT_EQ(dump("4294967296"), sealed("\x00\x0a"
                                       "4294967296"sv));
}

TEST(DumpPayload, WhatIsWrittenReadsBack) {
  corering::testing::Random random(5);
  for (const std::size_t size : {0u, 1u, 11u, 12u, 63u, 64u, 16383u, 16384u, 100'000u}) {
    std::string value(size, '\0');
    for (char& byte : value) byte = static_cast<char>(random.next());
    std::string back;
    EXPECT_EQ(read_dump(dump(value), size, back), PayloadError::none);
    EXPECT_EQ(back, value);
    if (size > 0) {
      EXPECT_EQ(read_dump(dump(value), size - 1, back), PayloadError::format);
    }
  }
  for (const std::string_view number : {"0", "-128", "127", "128", "-32768", "32767", "32768", "2147483647", "-2147483648"}) {
    std::string back;
    EXPECT_EQ(read_dump(dump(number), 20, back), PayloadError::none);
    EXPECT_EQ(back, number);
  }
}

TEST(DumpPayload, Compressed) {
  std::string value;
  EXPECT_EQ(read_dump(sealed("\x00\xc3\x09\x40\x64\x01"
                             "aa\xe0\x57\x00\x01"
                             "aa"sv),
                      100, value),
            PayloadError::none);
  EXPECT_EQ(value, std::string(100, 'a'));
}

TEST(DumpPayload, Damage) {
  std::string payload = dump("hello");
  for (char& byte : payload) {
    byte = static_cast<char>(byte ^ 0x10);
    EXPECT_EQ(error_of(payload), PayloadError::checksum);
    byte = static_cast<char>(byte ^ 0x10);
  }
  for (std::size_t size = 0; size < payload.size(); ++size) EXPECT_NE(error_of(payload.substr(0, size)), PayloadError::none);
  EXPECT_EQ(error_of(sealed("\x00\x01"
                            "a"sv,
                            9)),
            PayloadError::none);
  EXPECT_EQ(error_of(sealed("\x00\x01"
                            "a"sv,
                            11)),
            PayloadError::checksum);
}

TEST(DumpPayload, AForgedBody) {
  EXPECT_EQ(error_of(sealed("")), PayloadError::format);
  EXPECT_EQ(error_of(sealed("\x00"sv)), PayloadError::format);
  EXPECT_EQ(error_of(sealed("\x01\x01"
                            "a"sv)),
            PayloadError::type);
  EXPECT_EQ(error_of(sealed("\x00\x02"
                            "a"sv)),
            PayloadError::format);
  EXPECT_EQ(error_of(sealed("\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff"sv)), PayloadError::format);
  EXPECT_EQ(error_of(sealed("\x00\xc1\x01"sv)), PayloadError::format);
  EXPECT_EQ(error_of(sealed("\x00\xc4\x01"sv)), PayloadError::format);
  // A few bytes that claim to be a gigabyte.
  EXPECT_EQ(error_of(sealed("\x00\xc3\x02\x80\x40\x00\x00\x00\x00"
                            "a"sv),
                     std::size_t{1} << 40),
            PayloadError::format);
}

}  // namespace
}  // namespace kv::protocol
