#include "kv/protocol/base64.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "corering/testing/random.h"

namespace kv::protocol {
namespace {

std::string encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '#');
  EXPECT_EQ(encode_base64(bytes, out.data()), out.data() + out.size());
  return out;
}

std::string decode(std::string_view text) {
  std::string out(text.size(), '#');
  out.resize(decode_base64(text, out.data()));
  return out;
}

TEST(Base64, TheVectorsOfItsSpecification) {
  const std::array<std::array<std::string_view, 2>, 7> all{{{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}}};
  for (const auto& [bytes, text] : all) {
    EXPECT_EQ(encode(bytes), text);
    EXPECT_EQ(decode(text), bytes);
  }
}

TEST(Base64, WhatIsEncodedReadsBack) {
  corering::testing::Random random(3);
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random.between(1, 60), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.next());
    EXPECT_EQ(decode(encode(bytes)), bytes);
  }
}

TEST(Base64, WhatMemcachedRefuses) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zm9vY", "====", "Z===", "!!!"}) EXPECT_EQ(decode(text), "") << text;
}

TEST(Base64, ForeignLettersArePassedOver) { EXPECT_EQ(decode("Zm-9v"), "foo"); }

}  // namespace
}  // namespace kv::protocol
