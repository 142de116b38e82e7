#include "kv/protocol/lzf.h"

#include <gtest/gtest.h>

#include <string>

#include "corering/testing/random.h"

namespace kv::protocol {
namespace {

using std::string_view_literals::operator""sv;

// The text of `size` bytes, or "damaged".
std::string decompress(std::string_view stream, std::size_t size) {
  std::string out(size, '#');
  return decompress_lzf(stream, out) ? out : "damaged";
}

TEST(Lzf, Literals) {
  EXPECT_EQ(decompress("", 0), "");
  EXPECT_EQ(decompress("\x02"
                       "abc"sv,
                       3),
            "abc");
  EXPECT_EQ(decompress("\x00"
                       "a\x01"
                       "bc"sv,
                       3),
            "abc");
}

TEST(Lzf, References) {
  EXPECT_EQ(decompress("\x02"
                       "abc\x20\x02"sv,
                       6),
            "abcabc");
  EXPECT_EQ(decompress("\x00"
                       "a\x60\x00"sv,
                       6),
            "aaaaaa");
  EXPECT_EQ(decompress("\x00"
                       "a\xe0\x03\x00"sv,
                       13),
            std::string(13, 'a'));
}

TEST(Lzf, WhatRedisCompressed) {
  // DUMP of a hundred "a": three literals, then one reference.
  EXPECT_EQ(decompress("\x01"
                       "aa\xe0\x57\x00\x01"
                       "aa"sv,
                       100),
            std::string(100, 'a'));
}

TEST(Lzf, Damage) {
  for (const std::string_view stream : {"\x02"
                                        "ab"sv,
                                        "\x20\x00"sv,
                                        "\x00"
                                        "a\x20"sv,
                                        "\x00"
                                        "a\xe0"sv,
                                        "\x00"
                                        "a\xe0\x01"sv,
                                        "\x00"
                                        "a\x20\x01"sv,
                                        "\x05"
                                        "abcdef"sv}) {
    EXPECT_EQ(decompress(stream, 3), "damaged");
  }
  EXPECT_EQ(decompress("\x00"
                       "a"sv,
                       2),
            "damaged");
  EXPECT_EQ(decompress("\x00"
                       "a\x60\x00"sv,
                       5),
            "damaged");
}

TEST(Lzf, AnythingEndsWithoutLeavingItsMemory) {
  corering::testing::Random random(4);
  for (int round = 0; round < 20'000; ++round) {
    std::string stream(random.below(40), '\0');
    for (char& byte : stream) byte = static_cast<char>(random.chance(500) ? random.below(40) : random.next());
    decompress(stream, random.below(400));
  }
}

}  // namespace
}  // namespace kv::protocol
